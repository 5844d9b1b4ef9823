//! The rows of mentions: whom an event means, so that unread counts find highlights however far back they lie.
//! <https://spec.matrix.org/v1.19/client-server-api/#user-and-room-mentions>

use kith_event::Pdu;
use kith_store::{
    Error, Position, Txn, UserSid,
    tables::mentions::{EVERYBODY, MENTIONS, Mention},
};
use ruma::OwnedUserId;
use serde::Deserialize;

use super::{NewEvent, RoomWrite};

/// How many users one event may mention with effect.
const MENTIONED_USERS_MAX: usize = 200;

/// `m.mentions`, read leniently: what is malformed mentions nobody.
#[derive(Default, Deserialize)]
struct Mentions {
    #[serde(default)]
    user_ids: Vec<String>,
    #[serde(default)]
    room: bool,
}

impl RoomWrite<'_> {
    pub(super) fn write_mentions(
        &self,
        txn: &mut Txn,
        event: &NewEvent,
        position: Position,
    ) -> Result<(), Error> {
        let Some(mentions) = event.pdu.content_field::<Mentions>("m.mentions") else { return Ok(()) };
        let thread = event.meta.place.as_ref().and_then(|place| place.thread);
        let mut mention = |user: UserSid| {
            let row = Mention { event: event.sid, thread };
            MENTIONS.put(&mut txn.batch, &(user, self.room.sid, position), &row);
        };
        for user_id in mentions.user_ids.into_iter().take(MENTIONED_USERS_MAX) {
            let Ok(user_id) = OwnedUserId::try_from(user_id) else { continue };
            if self.rooms.is_local(&user_id)
                && let Some(user) = self.rooms.store.ids().find_user(&user_id)?
            {
                mention(user);
            }
        }
        if mentions.room && self.may_notify_room(event)? {
            mention(EVERYBODY);
        }
        Ok(())
    }

    /// Takes the rows away of an event that has lost its position.
    pub(super) fn delete_mentions(&self, txn: &mut Txn, pdu: &Pdu, position: Position) -> Result<(), Error> {
        let mentions = pdu.content_field::<Mentions>("m.mentions").unwrap_or_default();
        let ids = self.rooms.store.ids();
        let mut users = vec![EVERYBODY];
        for user_id in mentions.user_ids.into_iter().take(MENTIONED_USERS_MAX) {
            if let Ok(user_id) = OwnedUserId::try_from(user_id) {
                users.extend(ids.find_user(&user_id)?);
            }
        }
        for user in users {
            MENTIONS.delete(&mut txn.batch, &(user, self.room.sid, position));
        }
        Ok(())
    }

    fn may_notify_room(&self, event: &NewEvent) -> Result<bool, Error> {
        let Some(place) = &event.meta.place else { return Ok(false) };
        let powers = self.powers(place.state_before)?;
        Ok(powers.of(event.pdu.sender()) >= powers.notification_level("room"))
    }
}
