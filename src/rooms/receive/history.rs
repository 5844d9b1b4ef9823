//! Giving places to events that have long been: what fills a gap, and what stands at its edge.

use std::sync::Arc;

use kith_event::{Pdu, VerifiedPdu};
use kith_store::{Committed, state::StateRoot};
use ruma::OwnedEventId;

use crate::{
    Rooms,
    commit::RoomWrite,
    ingest::{self, Against, IngestError},
    room::Room,
    write_error::WriteError,
};

/// From where the state before a piece of history is known.
#[derive(Clone, Debug)]
pub(super) enum StateFrom {
    /// From what stands around it in the room: the events it follows, or the one that follows it.
    Room,
    /// From another server, as the ids of events that are stored.
    Server(Arc<[OwnedEventId]>),
}

impl Rooms {
    /// Gives a piece of history its place, which is durable only after what this gives; that is nothing if it has one.
    pub(super) fn place_history(
        &self,
        room: &Room,
        event: VerifiedPdu,
        state: &StateFrom,
    ) -> Result<Option<Committed>, IngestError> {
        let _lane = self.lanes.enter(room.sid).map_err(WriteError::from)?;
        if ingest::known(self, event.pdu().event_id())?.is_some() {
            return Ok(None);
        }
        let mut write = RoomWrite::open(self, room.clone())?;
        let judged = match state {
            StateFrom::Server(event_ids) => {
                if !write.may_open_edge()? {
                    return Err(WriteError::Busy.into());
                }
                let given = write.state_of(event_ids)?;
                ingest::judge_at(&mut write, event, given.root, Against::ItsOwnTime)?
            }
            StateFrom::Room => match state_from_above(&mut write, event.pdu())? {
                Some(root) => ingest::judge_at(&mut write, event, root, Against::ItsOwnTime)?,
                None => ingest::judge(&mut write, event, Against::ItsOwnTime)?,
            },
        };
        write.append_history(judged)?;
        Ok(Some(self.commit([write], self.store.begin())?))
    }

    /// Stores events without a place, as authority or entries of a state.
    pub(super) fn store_outliers(&self, room: &Room, events: Vec<VerifiedPdu>) -> Result<(), WriteError> {
        if events.is_empty() {
            return Ok(());
        }
        let lane = self.lanes.enter(room.sid)?;
        let mut write = RoomWrite::open(self, room.clone())?;
        write.store_outliers(events)?;
        let committed = self.commit([write], self.store.begin())?;
        drop(lane);
        Ok(committed.wait_durable()?)
    }
}

/// What follows an event and nothing else finds the state that the event left; and an event that is no state left it
/// as it was.
fn state_from_above(write: &mut RoomWrite<'_>, pdu: &Pdu) -> Result<Option<StateRoot>, WriteError> {
    if pdu.is_state() {
        return Ok(None);
    }
    let Some(event) = write.rooms.store.ids().find_event(pdu.event_id())? else { return Ok(None) };
    Ok(write.state_above(event)?)
}
