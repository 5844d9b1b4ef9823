//! Rooms that were joined without their members: shown at once to clients that load members lazily, and to the others
//! when the members have come.
//! <https://spec.matrix.org/v1.19/client-server-api/#lazy-loading-room-members>

use kith_store::{Error, Position, RoomSid, state::Difference, tables::partial::PARTIAL_ROOMS};

use crate::{moment::Moment, streams::state::Known};

/// Whether all members of a room are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wholeness {
    /// As of most rooms.
    Always,
    /// Not at the end of the answer.
    Partial,
    /// From then on.
    Since(Position),
}

impl Moment<'_> {
    /// Whether all members of a room are known.
    pub(crate) fn wholeness(&self, room: RoomSid) -> Result<Wholeness, Error> {
        let Some(row) = PARTIAL_ROOMS.get(self.read, &room)? else { return Ok(Wholeness::Always) };
        Ok(match row.completed {
            Some(completed) if completed.position <= self.until => Wholeness::Since(completed.position),
            _ => Wholeness::Partial,
        })
    }

    /// Whether a room is shown to a client that starts.
    pub(crate) fn shows(&self, room: RoomSid) -> Result<bool, Error> {
        Ok(self.filter.room.lazy_load_members() || self.wholeness(room)? != Wholeness::Partial)
    }

    /// Adds what a client was told wrongly about a room's state before all of it was known.
    pub(crate) fn correct(
        &self,
        room: RoomSid,
        known: &mut Known,
        now: kith_store::state::StateRoot,
    ) -> Result<(), Error> {
        let row = PARTIAL_ROOMS.get(self.read, &room)?;
        let Some(completed) = row.and_then(|row| row.completed) else { return Ok(()) };
        if known.since >= completed.position || completed.position > self.until {
            return Ok(());
        }
        known.completed = true;
        for key in completed.corrected {
            if known.changed.iter().all(|(changed, ..)| *changed != key) {
                let event = self.states(room).get(now, key)?;
                let corrected: Difference = (key, None, event);
                known.changed.push(corrected);
            }
        }
        Ok(())
    }
}
