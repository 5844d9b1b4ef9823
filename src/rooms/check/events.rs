//! The events of a room: each is what its id says, signed by whom it has to be, has the states it says, and the
//! newest are the extremities.

use std::collections::HashSet;

use kith_event::{Pdu, parse::parse_pdu, verify};
use kith_store::{
    Direction, Error, EventSid, Read, StateKeySid,
    state::{RoomNodes, StateRoot, check as check_state},
    tables::{
        events::{EVENT_META, EventMeta, Place, Verdict, get_json, get_meta},
        members::Membership,
        rooms::{TIMELINE, TOPOLOGY},
    },
};
use ruma::UserId;

use super::{Finding, RoomCheck, find};
use crate::{Rooms, room_state::membership_of};

/// What a walk over a room's events remembers.
#[derive(Default)]
struct Walk {
    events: u64,
    /// Roots whose whole tree is known to be readable.
    sound: HashSet<StateRoot>,
    accepted: Vec<EventSid>,
    /// What accepted events that arrived live follow.
    followed: HashSet<EventSid>,
    /// What accepted history follows.
    followed_by_history: HashSet<EventSid>,
    passed: HashSet<EventSid>,
    /// What had arrived before this server came back into a room that it had left.
    left_behind: HashSet<EventSid>,
    /// The entries of this server's joined members.
    local: HashSet<StateKeySid>,
    countable: u64,
    countable_main: u64,
    depth: u64,
    room_state: StateRoot,
}

impl RoomCheck<'_> {
    /// Checks the events in the order they came; gives their number.
    pub(super) fn events(&mut self) -> Result<u64, Error> {
        let mut walk = Walk { sound: HashSet::from([StateRoot::EMPTY]), ..Walk::default() };
        let (read, room) = (self.read, self.room.sid);
        for row in TIMELINE.scan(read, &room, Direction::Forward) {
            let ((_, position), event) = row?;
            let meta = get_meta(read, event)?;
            let id = self.rooms.store.ids().event_id(event)?;
            let Some(place) = meta.place.clone() else {
                self.find(format!("{id} is in the timeline and has no place"));
                continue;
            };
            self.expect(meta.room == room && meta.verdict == Verdict::Accepted, || {
                format!("{id} is in the timeline of a room that did not accept it")
            });
            self.expect(place.position == Some(position), || {
                format!("{id} says it stands elsewhere in the timeline")
            });
            self.text(event)?;
            self.states(&mut walk, event, &meta, &place)?;
            self.counts(&mut walk, event, &place)?;
            walk.events += 1;
            walk.depth = walk.depth.max(meta.depth);
            self.note_return(&mut walk, &place)?;
            walk.accepted.push(event);
            self.follow(&mut walk, &meta)?;
            walk.room_state = place.room_state;
            self.expect(position <= self.heads.position, || format!("{id} is newer than the room's heads"));
        }
        self.history(&mut walk)?;
        self.heads_agree(&walk)?;
        Ok(walk.events)
    }

    /// What was fetched as history.
    fn history(&mut self, walk: &mut Walk) -> Result<(), Error> {
        let (read, room) = (self.read, self.room.sid);
        for row in TOPOLOGY.scan(read, &room, Direction::Forward) {
            let (_, event) = row?;
            let meta = get_meta(read, event)?;
            let Some(place) = meta.place.clone().filter(|_| meta.is_history()) else { continue };
            let id = self.rooms.store.ids().event_id(event)?;
            self.expect(meta.room == room && meta.verdict == Verdict::Accepted, || {
                format!("{id} is in the history of a room that did not accept it")
            });
            self.expect(place.order >= self.heads.oldest_order, || {
                format!("{id} is older than the oldest of the room")
            });
            self.states(walk, event, &meta, &place)?;
            walk.followed_by_history.extend(meta.prev);
        }
        Ok(())
    }

    /// Whoever comes back into a room leaves behind what they knew of it.
    fn note_return(&mut self, walk: &mut Walk, place: &Place) -> Result<(), Error> {
        let nobody_was_there = walk.local.is_empty();
        for (key, _, now) in self.states.diff(walk.room_state, place.room_state)? {
            let (kind, state_key) = self.rooms.store.ids().state_key_of(key)?;
            let user = UserId::parse(state_key).ok().filter(|user| self.rooms.is_local(user));
            if kind != "m.room.member" || user.is_none() {
                continue;
            }
            let member = now.map(|event| self.rooms.pdu(event)).transpose()?;
            if member.and_then(|pdu| membership_of(&pdu)) == Some(Membership::Join) {
                walk.local.insert(key);
            } else {
                walk.local.remove(&key);
            }
        }
        if nobody_was_there && !walk.local.is_empty() {
            walk.left_behind.extend(&walk.accepted);
        }
        Ok(())
    }

    fn text(&mut self, event: EventSid) -> Result<(), Error> {
        if let Some(what) = text_fault(self.rooms, self.read, event)? {
            self.find(what);
        }
        let id = self.rooms.store.ids().event_id(event)?;
        let pdu = self.rooms.pdu(event)?;
        if let Some(what) = self.signature_fault(&pdu) {
            self.find(format!("{id}: {what}"));
        }
        Ok(())
    }

    /// Only signatures of this server's present key can be checked without asking anybody.
    fn signature_fault(&self, pdu: &Pdu) -> Option<String> {
        let required = verify::required_signatures(pdu).ok()?;
        let own_key = self.rooms.signing_key.id();
        let ours = required.iter().all(|signature| {
            signature.server == self.rooms.server_name && signature.key_ids.contains(&own_key)
        });
        if !ours {
            return None;
        }
        verify::verify(pdu, self.keys).err().map(|error| error.to_string())
    }

    /// The state after is the state before with this event in it, or the same.
    fn states(
        &mut self,
        walk: &mut Walk,
        event: EventSid,
        meta: &EventMeta,
        place: &Place,
    ) -> Result<(), Error> {
        self.sound(walk, place.state_before)?;
        let id = self.rooms.store.ids().event_id(event)?;
        let changed = self.states.diff(place.state_before, place.state_after)?;
        let as_expected = match (meta.state_key, changed.as_slice()) {
            (None, []) => true,
            (Some(key), [(changed, _, Some(now))]) => key == *changed && *now == event,
            _ => false,
        };
        self.expect(as_expected, || {
            format!("{id}: the state after is not the state before with the event in it")
        });
        walk.sound.insert(place.state_after);
        self.sound(walk, place.room_state)
    }

    fn sound(&mut self, walk: &mut Walk, root: StateRoot) -> Result<(), Error> {
        if walk.sound.insert(root) {
            let nodes = RoomNodes::new(self.read, self.room.sid, self.cache);
            check_state(&nodes, root)?;
        }
        Ok(())
    }

    fn counts(&mut self, walk: &mut Walk, event: EventSid, place: &Place) -> Result<(), Error> {
        let id = self.rooms.store.ids().event_id(event)?;
        let step = place.countable.checked_sub(walk.countable);
        self.expect(step.is_some_and(|step| step <= 1), || {
            format!("{id}: the count of countable events jumps")
        });
        if place.thread.is_none() {
            let step = place.countable_in_thread.checked_sub(walk.countable_main);
            self.expect(step.is_some_and(|step| step <= 1), || {
                format!("{id}: the main timeline's count jumps")
            });
            walk.countable_main = place.countable_in_thread;
        }
        walk.countable = place.countable;
        Ok(())
    }

    /// Marks what an accepted event follows, through events that were not accepted and are no history.
    fn follow(&mut self, walk: &mut Walk, meta: &EventMeta) -> Result<(), Error> {
        let mut prev = meta.prev.clone();
        while let Some(event) = prev.pop() {
            walk.followed.insert(event);
            if let Some(meta) = EVENT_META.get(self.read, &event)?
                && meta.verdict != Verdict::Accepted
                && !meta.is_history()
                && walk.passed.insert(event)
            {
                prev.extend(meta.prev);
            }
        }
        Ok(())
    }

    fn heads_agree(&mut self, walk: &Walk) -> Result<(), Error> {
        let stored: HashSet<EventSid> = self.heads.extremities.iter().copied().collect();
        let accepted: HashSet<EventSid> = walk.accepted.iter().copied().collect();
        self.expect(stored.is_subset(&accepted) && stored.is_disjoint(&walk.followed), || {
            "an extremity is followed by another event".to_owned()
        });
        let forgotten = accepted.difference(&stored).any(|event| {
            let followed = walk.followed.contains(event) || walk.followed_by_history.contains(event);
            !followed && !walk.left_behind.contains(event)
        });
        self.expect(!forgotten, || "an event that nobody follows is no extremity".to_owned());
        let heads = self.heads.clone();
        self.expect(heads.depth >= walk.depth, || "an event is deeper than the room".to_owned());
        self.expect(heads.countable == walk.countable, || {
            "the count of countable events is wrong".to_owned()
        });
        self.expect(heads.countable_main == walk.countable_main, || {
            "the main timeline's count is wrong".to_owned()
        });
        self.expect(heads.state == walk.room_state, || {
            "the current state is not that after the newest event".to_owned()
        });
        let create = self.states.get(heads.state, self.create_key()?)?;
        self.expect(create == Some(self.room.create), || "the state names another create event".to_owned());
        Ok(())
    }

    fn create_key(&self) -> Result<kith_store::StateKeySid, Error> {
        self.rooms.store.ids().state_key("m.room.create", "")
    }
}

/// Events that stand in no timeline: rejected, soft-failed, or only known as authority. Gives their number.
pub(super) fn check_unplaced(
    rooms: &Rooms,
    read: &dyn Read,
    findings: &mut Vec<Finding>,
) -> Result<u64, Error> {
    let mut events = 0;
    for row in EVENT_META.scan(read, &(), Direction::Forward) {
        let (event, meta) = row?;
        if meta.place.is_some_and(|place| place.position.is_some()) {
            continue;
        }
        events += 1;
        match text_fault(rooms, read, event) {
            Ok(None) => {}
            Ok(Some(what)) => find(findings, "event_json", what),
            Err(error) => find(findings, "event_json", error.to_string()),
        }
    }
    Ok(events)
}

/// The text gives the id under which it is stored.
fn text_fault(rooms: &Rooms, read: &dyn Read, event: EventSid) -> Result<Option<String>, Error> {
    let id = rooms.store.ids().event_id(event)?;
    let meta = get_meta(read, event)?;
    let version = rooms.room_of(meta.room)?.version;
    let json = get_json(read, event)?;
    Ok(match parse_pdu(version, &json) {
        Ok(pdu) if *pdu.event_id() == id => None,
        Ok(pdu) => Some(format!("the text stored for {id} is that of {}", pdu.event_id())),
        Err(error) => Some(format!("the text of {id}: {error}")),
    })
}
