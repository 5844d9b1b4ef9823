//! Giving places to events that have long been: what fills a gap, and what stands at its edge.

use std::sync::Arc;

use kith_event::{Pdu, VerifiedPdu};
use kith_store::{Committed, state::StateRoot};
use ruma::{OwnedEventId, events::TimelineEventType};

use crate::{
    Rooms,
    commit::RoomWrite,
    ingest::{self, Against, IngestError},
    room::Room,
    write_error::WriteError,
};

/// How many pieces of history get their places in one go, so that the room is not held up.
pub(super) const HISTORY_AT_ONCE: usize = 50;

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
        let judged = judge(&mut write, event, state)?;
        write.append_history(judged)?;
        Ok(Some(self.commit([write], self.store.begin())?))
    }

    /// The same for several pieces at once, each of which follows those behind it, by what stands around them in the
    /// room. Stops before the first that cannot be judged yet, and before redactions, which may concern anything; gives
    /// how many have their places then.
    pub(super) fn place_run(
        &self,
        room: &Room,
        newest_first: Vec<VerifiedPdu>,
    ) -> Result<(usize, Option<Committed>), WriteError> {
        let _lane = self.lanes.enter(room.sid)?;
        let mut write = RoomWrite::open(self, room.clone())?;
        let mut settled = 0;
        for event in newest_first {
            if *event.pdu().kind() == TimelineEventType::RoomRedaction {
                break;
            }
            if ingest::known(self, event.pdu().event_id())?.is_none() {
                // Whoever places it alone hears why.
                let Ok(judged) = judge(&mut write, event, &StateFrom::Room) else { break };
                write.append_history(judged)?;
            }
            settled += 1;
        }
        let committed = if write.is_empty() { None } else { Some(self.commit([write], self.store.begin())?) };
        Ok((settled, committed))
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

fn judge(
    write: &mut RoomWrite<'_>,
    event: VerifiedPdu,
    state: &StateFrom,
) -> Result<ingest::Judged, IngestError> {
    match state {
        StateFrom::Server(event_ids) => {
            if !write.may_open_edge()? {
                return Err(WriteError::Busy.into());
            }
            let given = write.state_of(event_ids)?;
            ingest::judge_at(write, event, given.root, Against::ItsOwnTime)
        }
        StateFrom::Room => match state_from_above(write, event.pdu())? {
            Some(root) => ingest::judge_at(write, event, root, Against::ItsOwnTime),
            None => ingest::judge(write, event, Against::ItsOwnTime),
        },
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
