//! A changed profile reaches the rooms: each of them shows the name and the picture of its members.
//! <https://spec.matrix.org/v1.19/client-server-api/#events-on-change-of-profile-information>

use kith_accounts::ProfileChange;
use kith_store::{Committed, RoomSid, UserSid, tables::members::Membership};
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
            last = self.refresh_profile(room, change.user, &user_id).or(last);
        }
        last.map_or(Ok(()), Committed::wait_durable)
    }

    /// Shows a user in one room as their profile now does, if they are in it and it does not do so yet.
    pub(crate) fn refresh_profile(
        &self,
        room: RoomSid,
        user: UserSid,
        user_id: &UserId,
    ) -> Option<Committed> {
        match self.show_profile(room, user, user_id) {
            Ok(committed) => committed,
            Err(error) => {
                tracing::warn!(%error, %user_id, room = room.0, "a room does not show the new profile");
                None
            }
        }
    }

    /// The profile is read in the room's lane: of several changes at once, whichever comes here last shows the newest.
    fn show_profile(
        &self,
        room: RoomSid,
        user: UserSid,
        user_id: &UserId,
    ) -> Result<Option<Committed>, MembershipError> {
        let mut acting = self.act(self.room_of(room)?)?;
        if acting.write.membership(user_id)? != Some(Membership::Join) {
            return Ok(None);
        }
        let profile = self.accounts.profile(user)?;
        let shown = acting.write.current(&StateEventType::RoomMember, user_id.as_str())?;
        let field = |name: &str| shown.as_ref().and_then(|pdu| pdu.content_field::<String>(name));
        if field("displayname") == profile.display_name && field("avatar_url") == profile.avatar_url {
            return Ok(None);
        }
        let mut content = MemberContent::new(Membership::Join, None);
        content.show(profile.display_name, profile.avatar_url);
        acting.write.send_member(user_id, user_id, &content, self.clock.now_ms())?;
        Ok(Some(acting.commit()?))
    }
}
