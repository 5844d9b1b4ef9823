//! What happened in a room while only a part of its state was known, judged anew with the whole of it. Events keep
//! their places; those that turn out not to be allowed lose them, and those that turn out to be allowed after all come
//! in as news.

use std::collections::{HashMap, HashSet};

use kith_event::Pdu;
use kith_store::{
    ChangeKind, Error, EventSid, Position, StateKeySid, Txn,
    state::StateRoot,
    tables::{
        events::{self, EventMeta, Place, Verdict},
        members::{MEMBERSHIP_STREAM, MEMBERSHIPS, Membership, MembershipChange},
        partial::{Completed, PARTIAL_ROOMS, PartialRoom},
        rooms::{TIMELINE, TIMESTAMPS, TOPOLOGY},
    },
};

use super::{
    Arrival, RelatesTo, RoomWrite,
    members::{MemberRows, Span},
    sticky,
};
use crate::{ingest, state_before, write_error::WriteError};

/// That the room is complete with this write.
pub(super) struct Completing {
    row: PartialRoom,
    /// The current state as it was shown so far.
    shown: StateRoot,
}

/// How many countable events less than was thought there are up to some point.
#[derive(Default)]
struct Fewer {
    all: u64,
    main: u64,
    in_threads: HashMap<EventSid, u64>,
}

impl RoomWrite<'_> {
    /// Judges events anew, which are given in an order in which each comes after those it follows. `given` has the
    /// states before those that follow something which is not here.
    pub(crate) fn judge_anew(
        &mut self,
        row: PartialRoom,
        events: Vec<(EventSid, Pdu)>,
        given: &HashMap<EventSid, StateRoot>,
    ) -> Result<(), WriteError> {
        let shown = self.heads.state;
        self.partial = None;
        let mut promoted = Vec::new();
        let mut arrived = Vec::new();
        for (event, pdu) in events {
            let before = self.meta(event)?;
            let after = self.judge_one_anew(event, pdu, before.clone(), given.get(&event).copied())?;
            if event == row.join && after.verdict != Verdict::Accepted {
                return Err(WriteError::Refused("the whole state does not allow the join".to_owned()));
            }
            let position = before.place.as_ref().and_then(|place| place.position);
            let was_live = before.place.as_ref().is_some_and(|place| place.order >= 0);
            match (before.verdict, after.verdict) {
                (_, Verdict::Accepted) => match position {
                    Some(position) => arrived.push((position, event)),
                    None if was_live => promoted.push(event),
                    None => {}
                },
                (Verdict::Accepted, _) => {
                    let (event_id, reason) = (self.event_id(event)?, after.reason.unwrap_or_default());
                    tracing::info!(room_id = %self.room.id, %event_id, %reason, "an event was not allowed after all");
                }
                _ => {}
            }
        }
        arrived.sort_unstable();
        self.recount()?;
        self.arrive_anew(arrived.into_iter().map(|(_, event)| event).collect(), promoted)?;
        self.completing = Some(Completing { row, shown });
        Ok(())
    }

    fn judge_one_anew(
        &mut self,
        event: EventSid,
        pdu: Pdu,
        before: EventMeta,
        given: Option<StateRoot>,
    ) -> Result<EventMeta, WriteError> {
        let place = before.place.clone().ok_or_else(|| placeless(event))?;
        let state_before = match given {
            Some(root) => root,
            None => state_before::after_all(self, &before.prev, None)?,
        };
        let pdu = pdu.with_rejected(false);
        let (mut verdict, mut reason) = ingest::verdict(self, event, &pdu, &before.auth, state_before)?;
        if verdict == Verdict::Accepted && before.verdict == Verdict::SoftFailed {
            // It was news that came too late, or that the room's policy server has not signed.
            (verdict, reason) = (before.verdict, before.reason.clone());
        }
        let state_after = match before.state_key {
            Some(key) if verdict != Verdict::Rejected => self.states.insert(state_before, key, event)?,
            _ => state_before,
        };
        let place = Place { state_before, state_after, room_state: state_after, ..place };
        let after = EventMeta { verdict, reason, place: Some(place), ..before };
        let pdu = pdu.with_rejected(verdict == Verdict::Rejected);
        self.push(event, pdu, after.clone(), Arrival::Anew);
        Ok(after)
    }

    /// The room moves on from the join to where it stands, event by event in the order in which they arrived.
    fn arrive_anew(&mut self, arrived: Vec<EventSid>, promoted: Vec<EventSid>) -> Result<(), WriteError> {
        let anew: HashSet<EventSid> = self.events.iter().map(|event| event.sid).collect();
        self.heads.extremities.retain(|event| !anew.contains(event));
        let mut followers: HashMap<EventSid, Vec<EventSid>> = HashMap::new();
        for event in &self.events {
            for prev in &event.meta.prev {
                followers.entry(*prev).or_default().push(event.sid);
            }
        }
        let mut here: HashSet<EventSid> = HashSet::new();
        for event in arrived.into_iter().map(|event| (event, false)).chain(
            // What comes in only now comes last.
            promoted.into_iter().map(|event| (event, true)),
        ) {
            let (event, is_news) = event;
            if is_news && !self.is_heard_now(event)? {
                continue;
            }
            let followed = followers.get(&event).is_some_and(|by| by.iter().any(|by| here.contains(by)));
            let state_after = self.meta(event)?.place.ok_or_else(|| placeless(event))?.state_after;
            self.replace_extremities(event, !followed)?;
            here.insert(event);
            self.heads.state = match self.heads.extremities.as_slice() {
                [only] if *only == event => state_after,
                _ => {
                    let all = self.heads.extremities.clone();
                    state_before::after_all(self, &all, None)?
                }
            };
            let index = *self.index.get(&event).ok_or_else(|| placeless(event))?;
            if is_news {
                self.bring_in(index)?;
            }
            let (state, current) = (self.heads.state, &mut self.events[index]);
            current.room_state_before = state;
            if let Some(place) = &mut current.meta.place {
                place.room_state = state;
            }
        }
        Ok(())
    }

    /// Whether an event that was refused before is allowed as news; otherwise it is soft-failed.
    fn is_heard_now(&mut self, event: EventSid) -> Result<bool, WriteError> {
        let pdu = self.pdu(event)?;
        let reason = match ingest::check_now(self, &pdu) {
            Err(WriteError::Refused(reason)) => reason,
            checked => {
                checked?;
                match self.lacks_signature_of(&pdu)? {
                    Some(via) => format!("{via} has not signed the event"),
                    None => return Ok(true),
                }
            }
        };
        let index = *self.index.get(&event).ok_or_else(|| placeless(event))?;
        let meta = &mut self.events[index].meta;
        (meta.verdict, meta.reason) = (Verdict::SoftFailed, Some(reason));
        Ok(false)
    }

    /// An event that was refused before is news now.
    fn bring_in(&mut self, index: usize) -> Result<(), WriteError> {
        let (event, place) = (&self.events[index], self.events[index].meta.place.clone());
        let (sid, relates_to) = (event.sid, RelatesTo::of(&event.pdu));
        let place = place.ok_or_else(|| placeless(sid))?;
        self.events[index].arrival = Arrival::Live;
        self.events[index].relates_to = relates_to;
        self.place_at(index, place.state_before, place.state_after)?;
        self.note_redactions_of(index)?;
        Ok(())
    }

    /// Takes those that are not allowed after all out of the counts of unread events.
    fn recount(&mut self) -> Result<(), Error> {
        let mut order: Vec<(Position, usize)> = Vec::new();
        for (index, event) in self.events.iter().enumerate() {
            let position = event.meta.place.as_ref().and_then(|place| place.position);
            order.extend(position.map(|position| (position, index)));
        }
        order.sort_unstable();
        let mut fewer = Fewer::default();
        let mut counted = u64::MAX;
        for (_, index) in order {
            let event = &mut self.events[index];
            let is_out = event.meta.verdict != Verdict::Accepted;
            let Some(place) = &mut event.meta.place else { continue };
            // Whether it was counted when it came; a redaction may have come since. The first is the join, which stays.
            let counts = is_out && place.countable > counted;
            counted = place.countable;
            let in_thread = match place.thread {
                Some(root) => fewer.in_threads.entry(root).or_default(),
                None => &mut fewer.main,
            };
            if counts {
                *in_thread += 1;
                fewer.all += 1;
            }
            place.countable_in_thread = place.countable_in_thread.saturating_sub(*in_thread);
            place.countable = place.countable.saturating_sub(fewer.all);
        }
        self.heads.countable = self.heads.countable.saturating_sub(fewer.all);
        self.heads.countable_main = self.heads.countable_main.saturating_sub(fewer.main);
        for (root, fewer) in fewer.in_threads.into_iter().filter(|(_, fewer)| *fewer > 0) {
            self.thread_rows(root)?.discount(fewer);
        }
        Ok(())
    }

    pub(super) fn write_anew(&mut self, txn: &mut Txn, index: usize) -> Result<(), Error> {
        if self.events[index].meta.verdict != Verdict::Accepted {
            self.take_out(txn, index)?;
        }
        let event = &self.events[index];
        events::put(&mut txn.batch, event.sid, &event.meta, event.pdu.json());
        Ok(())
    }

    /// Takes the rows away of an event that had a place and is not allowed after all.
    fn take_out(&mut self, txn: &mut Txn, index: usize) -> Result<(), Error> {
        let (sid, pdu, meta) = {
            let event = &self.events[index];
            (event.sid, event.pdu.clone(), event.meta.clone())
        };
        let Some(place) = meta.place.filter(|place| place.position.is_some() || place.order != 0) else {
            return Ok(());
        };
        let room = self.room.sid;
        self.unrelate(txn, sid, &pdu)?;
        sticky::forget(self.rooms, txn, room, sid)?;
        self.note_for_search(txn, sid, EventSid(0));
        TOPOLOGY.delete(&mut txn.batch, &(room, meta.depth, place.order));
        TIMESTAMPS.delete(&mut txn.batch, &(room, meta.timestamp_ms, place.order));
        if let Some(position) = place.position {
            TIMELINE.delete(&mut txn.batch, &(room, position));
            self.delete_mentions(txn, &pdu, position)?;
        }
        if let Some(place) = &mut self.events[index].meta.place {
            (place.position, place.order) = (None, 0);
        }
        Ok(())
    }

    /// Tells that the room is complete: its members all at once, and that clients have to look at it.
    pub(super) fn write_completing(&mut self, txn: &mut Txn, members: &mut MemberRows) -> Result<(), Error> {
        let Some(Completing { row, shown }) = self.completing.take() else { return Ok(()) };
        let position = txn.position()?;
        self.heads.position = position;
        let span = Span { event: None, before: shown, now: self.heads.state, position };
        self.come_in(txn, shown)?;
        members.follow(self, txn, &span)?;
        let corrected = self.corrected(shown)?;
        let (rooms, room) = (self.rooms, self.room.sid);
        for user in rooms.local_joined(room)?.iter().filter(|user| !members.has(**user)) {
            let Some(record) = MEMBERSHIPS.get(rooms.store.engine(), &(*user, room))? else { continue };
            let change = MembershipChange { room, membership: Membership::Join, event: record.event };
            MEMBERSHIP_STREAM.put(&mut txn.batch, &(*user, position), &change);
            txn.change(position, ChangeKind::Membership { room, user: *user });
        }
        // Written before the counts of those that are there indeed.
        rooms.forget_servers_only_said(txn, room)?;
        let completed = Some(Completed { position, corrected });
        PARTIAL_ROOMS.put(&mut txn.batch, &room, &PartialRoom { completed, ..row });
        Ok(())
    }

    /// The entries of the state that were told otherwise, but for members of other servers, of whom nobody had been
    /// told anything.
    fn corrected(&self, shown: StateRoot) -> Result<Vec<StateKeySid>, Error> {
        let mut corrected = Vec::new();
        for (key, _, _) in self.states.diff(shown, self.heads.state)? {
            let (kind, state_key) = self.rooms.store.ids().state_key_of(key)?;
            let is_remote_member = kind == "m.room.member"
                && ruma::UserId::parse(state_key).is_ok_and(|user| !self.rooms.is_local(&user));
            if !is_remote_member {
                corrected.push(key);
            }
        }
        Ok(corrected)
    }
}

fn placeless(event: EventSid) -> Error {
    Error::Missing { table: "event_meta", key: format!("place of {}", event.0) }
}
