//! The rows of events: themselves, the orders they stand in, their counts and positions.

use kith_store::{
    ChangeKind, Direction, Error, EventSid, Position, Txn,
    state::StateRoot,
    tables::{
        events::{self, EventMeta, Place, Verdict},
        rooms::{TIMELINE, TIMESTAMPS, TOPOLOGY},
        search::Pending,
    },
};
use ruma::UserId;

use super::{Aftermath, Arrival, NewEvent, RoomWrite, members::MemberRows};
use crate::countable::countable;

/// How many events below a piece of history are looked at for one that was counted.
const NEIGHBOURS_LOOKED_AT_MAX: usize = 64;

/// How many countable events there were up to an event: in the room, and in its thread or the main timeline.
struct Counted {
    all: u64,
    in_thread: u64,
}

impl RoomWrite<'_> {
    /// Gives the newest event its place, but for the position, which comes with the commit.
    pub(super) fn place(&mut self, state_before: StateRoot, state_after: StateRoot) -> Result<(), Error> {
        let Some(index) = self.events.len().checked_sub(1) else { return Ok(()) };
        let accepted = self.events[index].meta.verdict == Verdict::Accepted;
        let thread = if accepted { self.thread_of(index)? } else { None };
        let counted = match self.events[index].arrival {
            Arrival::Live => self.count(thread, accepted && countable(&self.events[index].pdu))?,
            Arrival::History | Arrival::Outlier => self.counted_below(self.events[index].meta.depth)?,
        };
        let is_history = self.events[index].arrival == Arrival::History;
        self.events[index].meta.place = Some(Place {
            position: None,
            order: 0,
            state_before,
            state_after,
            room_state: if is_history { state_after } else { self.heads.state },
            countable: counted.all,
            thread,
            countable_in_thread: if is_history && thread.is_some() { 0 } else { counted.in_thread },
        });
        Ok(())
    }

    /// Counts an event that arrived live, if it counts; gives the counts up to and including it.
    fn count(&mut self, thread: Option<EventSid>, counts: bool) -> Result<Counted, Error> {
        let mut in_thread = match thread {
            Some(root) => self.thread_rows(root)?.countable(),
            None => self.heads.countable_main,
        };
        if counts {
            self.heads.countable += 1;
            in_thread += 1;
            match thread {
                Some(root) => self.thread_rows(root)?.count(),
                None => self.heads.countable_main += 1,
            }
        }
        Ok(Counted { all: self.heads.countable, in_thread })
    }

    /// The counts of the newest event of the main timeline that arrived live and stands below this depth.
    fn counted_below(&self, depth: u64) -> Result<Counted, Error> {
        let engine = self.rooms.store.engine();
        let (from, to) = ((self.room.sid, 0_u64), (self.room.sid, depth));
        let rows = TOPOLOGY.range(engine, &from, &to, Direction::Backward);
        for row in rows.take(NEIGHBOURS_LOOKED_AT_MAX) {
            let place = events::get_meta(engine, row?.1)?.place;
            if let Some(place) = place.filter(|place| place.position.is_some() && place.thread.is_none()) {
                return Ok(Counted { all: place.countable, in_thread: place.countable_in_thread });
            }
        }
        Ok(Counted { all: 0, in_thread: 0 })
    }

    pub(super) fn write_events(&mut self, txn: &mut Txn, aftermath: &mut Aftermath) -> Result<(), Error> {
        let mut events = std::mem::take(&mut self.events);
        let mut members = MemberRows::default();
        for event in &mut events {
            if event.arrival == Arrival::Live && event.meta.verdict == Verdict::Accepted {
                let position = txn.position()?;
                self.heads.position = position;
                stand(&mut event.meta, Some(position), order_of(position));
            }
        }
        // History comes newest first; what comes later in the conversation stands higher.
        let history = events.iter_mut().rev().filter(|event| event.arrival == Arrival::History);
        let history: Vec<&mut NewEvent> = history.collect();
        let count = i64::try_from(history.len()).unwrap_or(i64::MAX);
        let oldest = self.heads.oldest_order.saturating_sub(count);
        for (order, event) in (oldest..).zip(history) {
            stand(&mut event.meta, None, order);
        }
        self.heads.oldest_order = oldest;
        // The members' rows read events of this write, also later ones.
        self.events = events;
        for index in 0..self.events.len() {
            let event = &self.events[index];
            let event_sid = event.sid;
            events::put(&mut txn.batch, event_sid, &event.meta, event.pdu.json());
            let accepted = event.meta.verdict == Verdict::Accepted;
            let Some(place) = event.meta.place.as_ref().filter(|_| accepted) else { continue };
            self.write_orders(txn, event, place);
            match place.position {
                Some(position) => {
                    self.announce(txn, event, position)?;
                    self.write_mentions(txn, event, position)?;
                    self.write_relation(txn, index)?;
                    members.follow(self, txn, index, position)?;
                }
                None => {
                    self.write_relation(txn, index)?;
                    self.note_for_search(txn, event_sid, EventSid(0));
                }
            }
        }
        aftermath.local_members = members.finish(self, txn);
        Ok(())
    }

    fn write_orders(&self, txn: &mut Txn, event: &NewEvent, place: &Place) {
        let room = self.room.sid;
        if let Some(position) = place.position {
            TIMELINE.put(&mut txn.batch, &(room, position), &event.sid);
        }
        TOPOLOGY.put(&mut txn.batch, &(room, event.meta.depth, place.order), &event.sid);
        TIMESTAMPS.put(&mut txn.batch, &(room, event.meta.timestamp_ms, place.order), &event.sid);
    }

    fn announce(&self, txn: &mut Txn, event: &NewEvent, position: Position) -> Result<(), Error> {
        let member = match event.pdu.state_key() {
            Some(state_key) if *event.pdu.kind() == ruma::events::TimelineEventType::RoomMember => {
                UserId::parse(state_key).ok().map(|user| self.rooms.store.ids().user(&user)).transpose()?
            }
            _ => None,
        };
        txn.change(position, ChangeKind::Event { room: self.room.sid, event: event.sid, member });
        Ok(())
    }

    /// Has the index of messages look at an event that it does not meet in the stream.
    pub(super) fn note_for_search(&self, txn: &mut Txn, event: EventSid, cause: EventSid) {
        if self.rooms.config.search.enabled {
            Pending::Event(event, cause).note(&mut txn.batch);
        }
    }

    /// Puts a changed row of an event of this write.
    pub(super) fn pending(&mut self, event: EventSid) -> Option<&mut NewEvent> {
        let index = *self.index.get(&event)?;
        self.events.get_mut(index)
    }
}

/// The topological order of an event that arrived live.
fn order_of(position: Position) -> i64 {
    i64::try_from(position.0).unwrap_or(i64::MAX)
}

fn stand(meta: &mut EventMeta, position: Option<Position>, order: i64) {
    if let Some(place) = &mut meta.place {
        place.position = position;
        place.order = order;
    }
}
