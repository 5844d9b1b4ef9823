//! `state` and `state_after`: what the client needs to know of a room's state beside what the timeline tells.
//!
//! The client's state is what it had, then `state`, then the state events of the timeline; the end of that has to be
//! the room's state now. So `state` is what differs between the two and is not told by the timeline. Of what the
//! timeline tells, `state` has the value before the timeline began. `state_after` is simply the difference.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3sync>

use std::collections::{BTreeMap, HashSet};

use kith_store::{
    Error, EventSid, Position, RoomSid, StateKeySid, UserSid,
    state::{Difference, StateRoot},
};

use super::timeline::Timeline;
use crate::{StateAfter, moment::Moment, response};

/// From which state of a room to which.
pub(crate) struct StateSpan {
    pub(crate) room: RoomSid,
    /// The state the client has; a client to which the room is new has none.
    pub(crate) known: Option<Known>,
    /// The state at the end.
    pub(crate) now: StateRoot,
}

/// What the client has of a room's state.
pub(crate) struct Known {
    /// Up to where the client knows the room.
    pub(crate) since: Position,
    pub(crate) root: StateRoot,
    /// What has changed from there to the end.
    pub(crate) changed: Vec<Difference>,
    /// All members have become known in between.
    pub(crate) completed: bool,
}

/// What a timeline says of the state, and by whom it was written.
struct Told {
    /// The newest state events of the timeline, by entry.
    entries: BTreeMap<StateKeySid, EventSid>,
    /// The state before the timeline.
    before: Option<StateRoot>,
    senders: HashSet<UserSid>,
}

impl Told {
    fn by(timeline: &Timeline) -> Self {
        let first = timeline.events.first();
        let entry = |seen: &kith_rooms::visibility::Seen| Some((seen.meta.state_key?, seen.event));
        Self {
            entries: timeline.events.iter().filter_map(entry).collect(),
            before: first.and_then(|seen| seen.meta.place.as_ref()).map(|place| place.state_before),
            senders: timeline.events.iter().map(|seen| seen.meta.sender).collect(),
        }
    }
}

impl Moment<'_> {
    /// The span from what the client knew at `known` to `now`.
    pub(crate) fn state_span(
        &self,
        room: RoomSid,
        known: Option<Position>,
        now: StateRoot,
    ) -> Result<StateSpan, Error> {
        let known = match known {
            Some(since) => {
                let root = self.state_at(room, since)?.unwrap_or_default();
                let changed = self.states(room).diff(root, now)?;
                let mut known = Known { since, root, changed, completed: false };
                self.correct(room, &mut known, now)?;
                Some(known)
            }
            None => None,
        };
        Ok(StateSpan { room, known, now })
    }

    /// The state events to tell, and a note for later of which members are told.
    pub(crate) fn state(
        &self,
        span: &StateSpan,
        timeline: &Timeline,
        heroes: &[UserSid],
    ) -> Result<Vec<EventSid>, Error> {
        let mut told = Told::by(timeline);
        let told_by_timeline = told.entries.clone();
        if self.state_after != StateAfter::No {
            told.entries.clear();
        }
        let lazy = self.filter.room.lazy_load_members();
        // A client that wants everything has what it knew as well, but is told it again.
        let known = span.known.as_ref().filter(|_| !self.full_state);
        let mut entries = match known {
            None => self.whole_state(span, &told, lazy)?,
            Some(known) => self.changed_state(span, known, &told)?,
        };
        if lazy {
            self.add_members(span, known, &told, heroes, &mut entries)?;
            self.note_members(span, known, entries.iter().chain(&told_by_timeline))?;
        }
        self.filter_state(span.room, entries)
    }

    /// `state` under the name the client asked for.
    pub(crate) fn named_state(&self, events: Vec<Box<serde_json::value::RawValue>>) -> response::State {
        match self.state_after {
            StateAfter::No => response::State::Before(events.into()),
            StateAfter::Stable => response::State::After(events.into()),
            StateAfter::Unstable => response::State::AfterUnstable(events.into()),
        }
    }

    fn whole_state(
        &self,
        span: &StateSpan,
        told: &Told,
        lazy: bool,
    ) -> Result<BTreeMap<StateKeySid, EventSid>, Error> {
        let mut entries = BTreeMap::new();
        if lazy {
            entries.extend(self.plain_state(span.room, span.now)?.entries.iter().copied());
        } else {
            for entry in self.states(span.room).iter(span.now) {
                let (key, event) = entry?;
                entries.insert(key, event);
            }
        }
        for key in told.entries.keys() {
            entries.remove(key);
            if lazy && self.is_member_key(*key)? {
                continue;
            }
            if let Some(event) = self.value(span, told, *key)? {
                entries.insert(*key, event);
            }
        }
        Ok(entries)
    }

    fn changed_state(
        &self,
        span: &StateSpan,
        known: &Known,
        told: &Told,
    ) -> Result<BTreeMap<StateKeySid, EventSid>, Error> {
        let mut entries = BTreeMap::new();
        for (key, _, now) in &known.changed {
            // An entry that is gone cannot be told; the protocol has no word for it.
            if let Some(now) = now
                && !told.entries.contains_key(key)
            {
                entries.insert(*key, *now);
            }
        }
        let states = self.states(span.room);
        for key in told.entries.keys() {
            let before = self.value(span, told, *key)?;
            if let Some(event) = before
                && states.get(known.root, *key)? != before
            {
                entries.insert(*key, event);
            }
        }
        Ok(entries)
    }

    /// What `state` has to say of an entry: its value now, or, where the timeline tells that, its value before.
    fn value(&self, span: &StateSpan, told: &Told, key: StateKeySid) -> Result<Option<EventSid>, Error> {
        let root = if told.entries.contains_key(&key) { told.before.unwrap_or_default() } else { span.now };
        self.states(span.room).get(root, key)
    }

    /// Lazy loading: the members who wrote the timeline, those who name the room, and, in a room told from its
    /// beginning, the user; without those the client surely knows.
    fn add_members(
        &self,
        span: &StateSpan,
        known: Option<&Known>,
        told: &Told,
        heroes: &[UserSid],
        entries: &mut BTreeMap<StateKeySid, EventSid>,
    ) -> Result<(), Error> {
        let mut wanted: HashSet<UserSid> = told.senders.iter().chain(heroes).copied().collect();
        if known.is_none() {
            wanted.insert(self.user);
        }
        let suppress = !self.filter.room.include_redundant_members();
        for user in wanted {
            let user_id = self.sync.store.ids().user_id(user)?;
            let Some(key) = self.sync.store.ids().find_state_key("m.room.member", user_id.as_str())? else {
                continue;
            };
            let Some(event) = self.value(span, told, key)? else { continue };
            let is_known = |known: &Known| {
                self.sync.sent_members.is_known(self.connection, span.room, key, event, known.since)
            };
            if !(suppress && known.is_some_and(is_known)) {
                entries.entry(key).or_insert(event);
            }
        }
        Ok(())
    }

    fn note_members<'e>(
        &self,
        span: &StateSpan,
        known: Option<&Known>,
        entries: impl Iterator<Item = (&'e StateKeySid, &'e EventSid)>,
    ) -> Result<(), Error> {
        let sent = &self.sync.sent_members;
        if known.is_none() {
            sent.begin(self.connection, span.room, self.until);
        }
        // The timeline comes last: what it tells of a member is newer than what `state` tells.
        let newest: BTreeMap<StateKeySid, EventSid> = entries.map(|(key, event)| (*key, *event)).collect();
        for (key, event) in newest {
            if self.is_member_key(key)? {
                sent.told(self.connection, span.room, key, event, self.until);
            }
        }
        Ok(())
    }

    fn filter_state(
        &self,
        room: RoomSid,
        entries: BTreeMap<StateKeySid, EventSid>,
    ) -> Result<Vec<EventSid>, Error> {
        let filter = &self.filter.room.state;
        if filter.allows_nothing() {
            return Ok(Vec::new());
        }
        let everything = kith_rooms::filter::RoomEventFilter {
            lazy_load_members: filter.lazy_load_members,
            include_redundant_members: filter.include_redundant_members,
            unread_thread_notifications: filter.unread_thread_notifications,
            limit: filter.limit,
            ..Default::default()
        };
        if *filter == everything {
            return Ok(entries.into_values().collect());
        }
        if !filter.allows_room(&self.room_id(room)?) {
            return Ok(Vec::new());
        }
        let mut events = Vec::new();
        for (key, event) in entries {
            // The type alone decides most cases, without reading the event.
            if filter.allows_type(&self.sync.store.ids().state_key_of(key)?.0)
                && self.rooms().matches_filter(self.read, filter, event, &self.rooms().pdu(event)?)?
            {
                events.push(event);
            }
        }
        Ok(events)
    }
}
