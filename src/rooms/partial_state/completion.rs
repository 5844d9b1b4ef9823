//! The whole state of a room has come: what happened meanwhile is judged anew, and the room is like any other.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use kith_event::Pdu;
use kith_store::{
    Direction, Error, EventSid,
    state::StateRoot,
    tables::partial::{PARTIAL_EVENTS, PartialRoom, find_partial},
};
use ruma::{EventId, OwnedEventId};

use crate::{Rooms, commit::RoomWrite, ingest::order, room::Room, write_error::WriteError};

/// States before events, as the ids of events that are stored.
pub(super) type GivenStates = HashMap<OwnedEventId, Arc<[OwnedEventId]>>;

/// What came of the attempt to complete a room.
#[derive(Debug)]
pub(super) enum Completion {
    /// The room is complete, or was already.
    Done,
    /// The room was left and joined again meanwhile: another state is needed.
    Overtaken,
    /// These follow events that are not here: the states before them are needed too.
    Wanting(Vec<OwnedEventId>),
}

impl Rooms {
    /// Completes a room, given the states before the events that follow something which is not here; at least that
    /// before the join.
    pub(super) fn complete_room(
        &self,
        room: &Room,
        join: &EventId,
        given: &GivenStates,
    ) -> Result<Completion, WriteError> {
        let lane = self.lanes.enter(room.sid)?;
        let Some(partial) = find_partial(self.store.engine(), room.sid)? else {
            return Ok(Completion::Done);
        };
        if self.store.ids().event_id(partial.join)? != join {
            return Ok(Completion::Overtaken);
        }
        let mut write = RoomWrite::open(self, room.clone())?;
        let events = self.partial_events(&write)?;
        let roots = match write.given_roots(&partial, &events, given)? {
            Roots::Known(roots) => roots,
            Roots::Wanting(events) => return Ok(Completion::Wanting(events)),
        };
        write.judge_anew(partial, events, &roots)?;
        let mut txn = self.store.begin();
        self.forget_partial_events(&mut txn, room.sid)?;
        let committed = self.commit([write], txn)?;
        drop(lane);
        committed.wait_durable()?;
        self.note_moved();
        metrics::counter!("kith_rooms_completed_total").increment(1);
        Ok(Completion::Done)
    }

    /// What has got a place since the join, in an order in which each comes after those it follows.
    fn partial_events(&self, write: &RoomWrite<'_>) -> Result<Vec<(EventSid, Pdu)>, Error> {
        let mut events = Vec::new();
        for row in PARTIAL_EVENTS.scan(self.store.engine(), &write.room.sid, Direction::Forward) {
            let ((_, event), ()) = row?;
            events.push((event, write.pdu(event)?));
        }
        Ok(order::sorted(events, |(_, pdu)| pdu, |pdu| pdu.prev_events()))
    }
}

enum Roots {
    Known(HashMap<EventSid, StateRoot>),
    Wanting(Vec<OwnedEventId>),
}

impl RoomWrite<'_> {
    /// The states before those of the events that follow something without a place.
    fn given_roots(
        &mut self,
        partial: &PartialRoom,
        events: &[(EventSid, Pdu)],
        given: &GivenStates,
    ) -> Result<Roots, WriteError> {
        let (mut roots, mut wanting) = (HashMap::new(), Vec::new());
        // Many events may have been given the same state; it is made once.
        let mut made: HashMap<*const OwnedEventId, StateRoot> = HashMap::new();
        let join_follows: HashSet<EventSid> = self.meta(partial.join)?.prev.into_iter().collect();
        let join_id = self.event_id(partial.join)?;
        for (event, pdu) in events {
            if *event != partial.join && self.follows_only_placed(*event)? {
                continue;
            }
            // Whatever follows the same events stands on the same state.
            let follows: HashSet<EventSid> = self.meta(*event)?.prev.into_iter().collect();
            let id = if follows == join_follows { &join_id } else { pdu.event_id() };
            let Some(state) = given.get(id) else {
                wanting.push(id.clone());
                continue;
            };
            let root = match made.get(&state.as_ptr()) {
                Some(root) => *root,
                None => {
                    let given = self.state_of(state)?;
                    if !given.left_out.is_empty() {
                        let (room_id, count) = (&self.room.id, given.left_out.len());
                        tracing::warn!(%room_id, count, "events of the room's state are left out");
                    }
                    made.insert(state.as_ptr(), given.root);
                    given.root
                }
            };
            roots.insert(*event, root);
        }
        Ok(if wanting.is_empty() { Roots::Known(roots) } else { Roots::Wanting(wanting) })
    }

    fn follows_only_placed(&self, event: EventSid) -> Result<bool, Error> {
        for prev in self.meta(event)?.prev {
            if self.find_meta(prev)?.is_none_or(|meta| meta.place.is_none()) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
