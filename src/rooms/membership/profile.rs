//! A changed profile reaches the rooms: each of them shows the name and the picture of its members.
//! <https://spec.matrix.org/v1.19/client-server-api/#events-on-change-of-profile-information>

use kith_accounts::ProfileChange;
use kith_store::{Committed, RoomSid, tables::members::Membership};
use ruma::{UserId, events::StateEventType};

use super::{MemberContent, MembershipError};
use crate::Rooms;

impl Rooms {
    /// Shows a user in every joined room as their profile now does. What fails is logged: the profile is changed
    /// whatever a single room says.
    pub fn propagate_profile(&self, change: &ProfileChange) -> Result<(), kith_store::Error> {
        if !change.shown_in_rooms {
            return Ok(());
        }
        let user_id = self.store.ids().user_id(change.user)?;
        let mut last = None;
        for room in self.joined_rooms(change.user)? {
            match self.show_profile(room, &user_id, change) {
                Ok(committed) => last = committed.or(last),
                Err(error) => {
                    tracing::warn!(%error, %user_id, room = room.0, "a room does not show the new profile")
                }
            }
        }
        last.map_or(Ok(()), Committed::wait_durable)
    }

    fn show_profile(
        &self,
        room: RoomSid,
        user: &UserId,
        change: &ProfileChange,
    ) -> Result<Option<Committed>, MembershipError> {
        let mut acting = self.act(self.room_of(room)?)?;
        if acting.write.membership(user)? != Some(Membership::Join) {
            return Ok(None);
        }
        let shown = acting.write.current(&StateEventType::RoomMember, user.as_str())?;
        let field = |name: &str| shown.as_ref().and_then(|pdu| pdu.content_field::<String>(name));
        if field("displayname") == change.display_name && field("avatar_url") == change.avatar_url {
            return Ok(None);
        }
        let mut content = MemberContent::new(Membership::Join, None);
        content.show(change.display_name.clone(), change.avatar_url.clone());
        acting.write.send_member(user, user, &content, self.clock.now_ms())?;
        Ok(Some(acting.commit()?))
    }
}
