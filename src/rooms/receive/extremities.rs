//! Keeping the forward extremities few: each of them costs everybody who writes to the room a resolution. Where too
//! many have come together, an event that says nothing follows them all. Clients never see such events.

use kith_event::build::Draft;
use ruma::UserId;
use serde_json::json;

use crate::{Rooms, WriteError, acting::content, room::Room};

/// The type of events that only bring forks together; other servers send them too.
pub const DUMMY_EVENT: &str = "org.matrix.dummy_event";

/// From how many extremities on they are brought together.
pub(crate) const EXTREMITIES_MAX: usize = 10;
/// How many members of this server are looked at for one who may write.
const MEMBERS_LOOKED_AT_MAX: usize = 100;

impl Rooms {
    /// Brings the extremities of a room together if there still are too many, in the name of a member of this server.
    pub(crate) fn tie_up(&self, room: &Room) -> Result<(), WriteError> {
        let mut acting = self.act(room.clone())?;
        if acting.write.heads.extremities.len() < EXTREMITIES_MAX {
            return Ok(());
        }
        let kind = DUMMY_EVENT.into();
        for member in self.local_joined(room.sid)?.iter().take(MEMBERS_LOOKED_AT_MAX) {
            let member = self.store.ids().user_id(*member)?;
            let powers = acting.write.powers(acting.write.heads.state)?;
            if powers.may_send(&member, &kind, false) {
                self.send_dummy(&mut acting.write, &member)?;
                return acting.done();
            }
        }
        tracing::debug!(room_id = %room.id, "nobody here may bring the room's forks together");
        Ok(())
    }

    fn send_dummy(
        &self,
        write: &mut crate::commit::RoomWrite<'_>,
        sender: &UserId,
    ) -> Result<(), WriteError> {
        let draft = Draft::message(DUMMY_EVENT.into(), content(&json!({}))?);
        write.send(draft, sender, self.clock.now_ms())?;
        metrics::counter!("kith_rooms_dummy_events_total").increment(1);
        Ok(())
    }
}
