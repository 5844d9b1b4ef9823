//! The rows of events: themselves, the orders they stand in, their counts and positions.

use kith_store::{
    ChangeKind, Error, EventSid, Position, Txn,
    state::StateRoot,
    tables::{
        events::{self, EventMeta, Place, Verdict},
        rooms::{TIMELINE, TIMESTAMPS, TOPOLOGY},
    },
};
use ruma::UserId;

use super::{Aftermath, NewEvent, RoomWrite, members::MemberRows};
use crate::countable::countable;

impl RoomWrite<'_> {
    /// Gives the newest event its place, but for the position, which comes with the commit.
    pub(super) fn place(&mut self, state_before: StateRoot, state_after: StateRoot) -> Result<(), Error> {
        let Some(index) = self.events.len().checked_sub(1) else { return Ok(()) };
        let accepted = self.events[index].meta.verdict == Verdict::Accepted;
        let thread = if accepted { self.thread_of(index)? } else { None };
        let counts = accepted && countable(&self.events[index].pdu);
        let mut countable_in_thread = match thread {
            Some(root) => self.thread_rows(root)?.countable(),
            None => self.heads.countable_main,
        };
        if counts {
            self.heads.countable += 1;
            countable_in_thread += 1;
            match thread {
                Some(root) => self.thread_rows(root)?.count(),
                None => self.heads.countable_main += 1,
            }
        }
        self.events[index].meta.place = Some(Place {
            position: None,
            order: 0,
            state_before,
            state_after,
            room_state: self.heads.state,
            countable: self.heads.countable,
            thread,
            countable_in_thread,
        });
        Ok(())
    }

    pub(super) fn write_events(&mut self, txn: &mut Txn, aftermath: &mut Aftermath) -> Result<(), Error> {
        let mut events = std::mem::take(&mut self.events);
        let mut members = MemberRows::default();
        for event in &mut events {
            if event.meta.verdict == Verdict::Accepted {
                let position = txn.position()?;
                self.heads.position = position;
                stand(&mut event.meta, position);
            }
        }
        // The members' rows read events of this write, also later ones.
        self.events = events;
        for index in 0..self.events.len() {
            let event = &self.events[index];
            events::put(&mut txn.batch, event.sid, &event.meta, event.pdu.json());
            let Some(position) = event.meta.place.as_ref().and_then(|place| place.position) else { continue };
            self.write_orders(txn, event, position)?;
            self.write_mentions(txn, event, position)?;
            self.write_relation(txn, index, position)?;
            members.follow(self, txn, index, position)?;
        }
        aftermath.local_members_changed = members.finish(self, txn);
        Ok(())
    }

    fn write_orders(&self, txn: &mut Txn, event: &NewEvent, position: Position) -> Result<(), Error> {
        let (room, order) = (self.room.sid, order_of(position));
        TIMELINE.put(&mut txn.batch, &(room, position), &event.sid);
        TOPOLOGY.put(&mut txn.batch, &(room, event.meta.depth, order), &event.sid);
        TIMESTAMPS.put(&mut txn.batch, &(room, event.meta.timestamp_ms, order), &event.sid);
        let member = match event.pdu.state_key() {
            Some(state_key) if *event.pdu.kind() == ruma::events::TimelineEventType::RoomMember => {
                UserId::parse(state_key).ok().map(|user| self.rooms.store.ids().user(&user)).transpose()?
            }
            _ => None,
        };
        txn.change(position, ChangeKind::Event { room, event: event.sid, member });
        Ok(())
    }

    /// Puts a changed row of an event of this write.
    pub(super) fn pending(&mut self, event: EventSid) -> Option<&mut NewEvent> {
        let index = *self.index.get(&event)?;
        self.events.get_mut(index)
    }
}

/// The topological order of an event that arrived live.
pub(super) fn order_of(position: Position) -> i64 {
    i64::try_from(position.0).unwrap_or(i64::MAX)
}

fn stand(meta: &mut EventMeta, position: Position) {
    if let Some(place) = &mut meta.place {
        place.position = Some(position);
        place.order = order_of(position);
    }
}
