//! Which state of a room a client wants: exact entries, all of a type, all there is, its own membership, and the
//! members who wrote what it is shown.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use kith_store::{Error, EventSid, StateKeySid, UserSid};
use ruma::UserId;

use crate::{
    moment::Moment,
    streams::{state::StateSpan, timeline::Timeline},
};

const MEMBER: &str = "m.room.member";

/// Which state is wanted, ready to be asked.
#[derive(Debug, Default)]
pub(super) struct RequiredState {
    everything: bool,
    /// Types of which all entries are wanted.
    types: HashSet<String>,
    /// State keys of which all types are wanted.
    keys: HashSet<String>,
    exact: BTreeSet<(String, String)>,
    lazy_members: bool,
}

impl RequiredState {
    /// Reads what a request says; `own` is who `$ME` is.
    pub(super) fn new(entries: &[(String, String)], own: Option<&UserId>) -> Self {
        let mut required = Self::default();
        for (kind, state_key) in entries {
            match (kind.as_str(), state_key.as_str()) {
                ("*", "*") => required.everything = true,
                (MEMBER, "$LAZY") => required.lazy_members = true,
                (kind, "*") => {
                    required.types.insert(kind.to_owned());
                }
                ("*", "$ME") => required.keys.extend(own.map(ToString::to_string)),
                ("*", key) => {
                    required.keys.insert(key.to_owned());
                }
                (kind, "$ME") => {
                    required.exact.extend(own.map(|own| (kind.to_owned(), own.to_string())));
                }
                (kind, key) => {
                    required.exact.insert((kind.to_owned(), key.to_owned()));
                }
            }
        }
        required
    }

    /// Whether an entry is wanted for itself.
    fn wants(&self, kind: &str, state_key: &str) -> bool {
        self.everything
            || self.types.contains(kind)
            || self.keys.contains(state_key)
            || self.exact.iter().any(|(of, key)| of == kind && key == state_key)
    }

    fn has_patterns(&self) -> bool {
        self.everything || !self.types.is_empty() || !self.keys.is_empty()
    }

    /// Whether all members are wanted, so that the room cannot be told before they are known.
    pub(super) fn wants_members(&self) -> bool {
        self.everything || self.types.contains(MEMBER)
    }

    /// Whether members have to be looked through one by one.
    fn wants_all_members(&self) -> bool {
        self.everything
            || self.types.contains(MEMBER)
            || self.keys.iter().any(|key| UserId::parse(key.as_str()).is_ok())
    }
}

impl Moment<'_> {
    /// The wanted state of a room that is new to the client, or what changed of it; of what is wanted now and was not
    /// wanted before, everything.
    pub(super) fn required_state(
        &self,
        span: &StateSpan,
        required: &RequiredState,
        before: Option<&RequiredState>,
        timeline: &Timeline,
    ) -> Result<Vec<EventSid>, Error> {
        let mut entries = match &span.known {
            None => self.all_required(span, required)?,
            Some(known) => {
                let mut entries = BTreeMap::new();
                for (key, _, now) in &known.changed {
                    let (kind, state_key) = self.sync.store.ids().state_key_of(*key)?;
                    let lazily = required.lazy_members && kind == MEMBER;
                    if let (Some(now), true) = (now, lazily || required.wants(&kind, &state_key)) {
                        entries.insert(*key, *now);
                    }
                }
                if let Some(before) = before {
                    for (key, event) in self.all_required(span, required)? {
                        let (kind, state_key) = self.sync.store.ids().state_key_of(key)?;
                        if !before.wants(&kind, &state_key) {
                            entries.insert(key, event);
                        }
                    }
                }
                entries
            }
        };
        if required.lazy_members {
            self.add_lazy_members(span, timeline, &mut entries)?;
        }
        self.note_told_members(span, &entries)?;
        Ok(entries.into_values().collect())
    }

    fn all_required(
        &self,
        span: &StateSpan,
        required: &RequiredState,
    ) -> Result<BTreeMap<StateKeySid, EventSid>, Error> {
        let ids = self.sync.store.ids();
        let states = self.states(span.room);
        let mut entries = BTreeMap::new();
        if required.has_patterns() {
            for (key, event) in &self.plain_state(span.room, span.now)?.entries {
                let (kind, state_key) = ids.state_key_of(*key)?;
                if required.wants(&kind, &state_key) {
                    entries.insert(*key, *event);
                }
            }
        }
        if required.wants_all_members() {
            for entry in states.iter(span.now) {
                let (key, event) = entry?;
                let (kind, state_key) = ids.state_key_of(key)?;
                if kind == MEMBER && required.wants(&kind, &state_key) {
                    entries.insert(key, event);
                }
            }
        }
        let mut keys = Vec::new();
        for (kind, state_key) in &required.exact {
            keys.extend(ids.find_state_key(kind, state_key)?);
        }
        for (key, event) in keys.iter().zip(states.get_many(span.now, &keys)?) {
            entries.extend(event.map(|event| (*key, event)));
        }
        Ok(entries)
    }

    /// The members who wrote the timeline, and those whom its membership events speak of, without those the client
    /// surely knows.
    fn add_lazy_members(
        &self,
        span: &StateSpan,
        timeline: &Timeline,
        entries: &mut BTreeMap<StateKeySid, EventSid>,
    ) -> Result<(), Error> {
        let ids = self.sync.store.ids();
        let senders: BTreeSet<UserSid> = timeline.events.iter().map(|seen| seen.meta.sender).collect();
        let mut keys: BTreeSet<StateKeySid> = BTreeSet::new();
        for sender in senders {
            keys.extend(ids.find_state_key(MEMBER, ids.user_id(sender)?.as_str())?);
        }
        for key in timeline.events.iter().filter_map(|seen| seen.meta.state_key) {
            if self.is_member_key(key)? {
                keys.insert(key);
            }
        }
        let keys: Vec<StateKeySid> = keys.into_iter().collect();
        for (key, event) in keys.iter().zip(self.states(span.room).get_many(span.now, &keys)?) {
            let Some(event) = event else { continue };
            let is_known = span.known.as_ref().is_some_and(|known| {
                self.sync.sent_members.is_known(self.connection, span.room, *key, event, known.since)
            });
            if !is_known {
                entries.entry(*key).or_insert(event);
            }
        }
        Ok(())
    }

    fn note_told_members(
        &self,
        span: &StateSpan,
        entries: &BTreeMap<StateKeySid, EventSid>,
    ) -> Result<(), Error> {
        if span.known.is_none() {
            self.sync.sent_members.begin(self.connection, span.room, self.until);
        }
        for (key, event) in entries {
            if self.is_member_key(*key)? {
                self.sync.sent_members.told(self.connection, span.room, *key, *event, self.until);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ruma::user_id;

    use super::*;

    fn required(entries: &[(&str, &str)]) -> RequiredState {
        let entries: Vec<_> =
            entries.iter().map(|(kind, key)| ((*kind).to_owned(), (*key).to_owned())).collect();
        RequiredState::new(&entries, Some(user_id!("@me:x")))
    }

    #[test]
    fn wishes_are_read() {
        let some =
            required(&[("m.room.name", ""), ("m.space.child", "*"), (MEMBER, "$ME"), (MEMBER, "$LAZY")]);
        assert!(some.wants("m.room.name", "") && !some.wants("m.room.name", "x"));
        assert!(some.wants("m.space.child", "!a:x") && some.wants(MEMBER, "@me:x"));
        assert!(!some.wants(MEMBER, "@you:x") && some.lazy_members && !some.wants_all_members());
        let all = required(&[("*", "*")]);
        assert!(all.wants("anything", "at all") && all.wants_all_members());
        let keys = required(&[("*", "")]);
        assert!(keys.wants("m.room.topic", "") && !keys.wants(MEMBER, "@me:x") && !keys.wants_all_members());
    }
}
