//! State resolution of room version 1: by depth, and by what the state resolved so far allows.
//!
//! <https://spec.matrix.org/v1.19/rooms/v1/#state-resolution>

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

use ruma::{OwnedEventId, events::StateEventType};
use sha1::{Digest, Sha1};

use super::{Conflict, ResolveError, Source, StateMap};
use crate::{Pdu, auth};

type Key = (StateEventType, String);

/// The kinds that affect what is allowed, in the order in which they are resolved.
const KINDS_IN_ORDER: [StateEventType; 3] =
    [StateEventType::RoomPowerLevels, StateEventType::RoomJoinRules, StateEventType::RoomMember];

/// Resolves a conflict.
pub(super) fn resolve<S: Source>(
    conflict: &Conflict,
    source: &S,
) -> Result<StateMap, ResolveError<S::Error>> {
    let candidates = candidates(conflict, source)?;
    let mut resolved = Resolved { source, events: HashMap::new() };
    for kind in KINDS_IN_ORDER {
        let of_kind = candidates.iter().filter(|(key, _)| key.0 == kind);
        // Of several members none counts for the others before all are resolved.
        let mut found = Vec::new();
        for (key, events) in of_kind {
            found.push((key.clone(), resolved.last_of_the_allowed(key, events)?));
        }
        resolved.events.extend(found);
    }
    let mut others = Vec::new();
    for (key, events) in &candidates {
        if !resolved.events.contains_key(key) {
            others.push((key.clone(), resolved.first_allowed(events)?));
        }
    }
    resolved.events.extend(others);
    Ok(resolved.events.into_iter().map(|(key, event)| (key, event.event_id().clone())).collect())
}

/// The events under each key, by ascending depth and then descending SHA-1 of the id. There is at least one.
fn candidates<S: Source>(
    conflict: &Conflict,
    source: &S,
) -> Result<BTreeMap<Key, Vec<Pdu>>, ResolveError<S::Error>> {
    let mut ids: BTreeMap<Key, Vec<&OwnedEventId>> = BTreeMap::new();
    for (key, event_id) in conflict.forks.iter().flatten() {
        let under_key = ids.entry(key.clone()).or_default();
        if !under_key.contains(&event_id) {
            under_key.push(event_id);
        }
    }
    let mut candidates = BTreeMap::new();
    for (key, event_ids) in ids {
        let mut events = Vec::new();
        for event_id in event_ids {
            events.extend(source.event(event_id).map_err(ResolveError::Source)?);
        }
        events
            .sort_by_cached_key(|event| (event.depth(), Reverse(Sha1::digest(event.event_id().as_bytes()))));
        if !events.is_empty() {
            candidates.insert(key, events);
        }
    }
    Ok(candidates)
}

/// The state resolved so far: what was chosen, over what the forks agree about.
struct Resolved<'a, S: Source> {
    source: &'a S,
    events: HashMap<Key, Pdu>,
}

impl<S: Source> Resolved<'_, S> {
    /// Starting from the oldest event, the last before one that the earlier ones do not allow.
    fn last_of_the_allowed(&self, key: &Key, events: &[Pdu]) -> Result<Pdu, ResolveError<S::Error>> {
        let mut chosen = &events[0];
        for event in &events[1..] {
            if !self.allows(event, Some((key, chosen)))? {
                break;
            }
            chosen = event;
        }
        Ok(chosen.clone())
    }

    /// The newest event that is allowed; the oldest of all if none is.
    fn first_allowed(&self, events: &[Pdu]) -> Result<Pdu, ResolveError<S::Error>> {
        for event in events.iter().rev() {
            if self.allows(event, None)? {
                return Ok(event.clone());
            }
        }
        Ok(events[0].clone())
    }

    /// Whether the state, with one more entry put over it, allows an event.
    fn allows(&self, event: &Pdu, over: Option<(&Key, &Pdu)>) -> Result<bool, ResolveError<S::Error>> {
        let Ok(needed) = auth::state_needed(event) else {
            return Ok(false);
        };
        let mut state = HashMap::new();
        for key in needed {
            let found = match over {
                Some((over_key, over)) if *over_key == key => Some(over.clone()),
                _ => self.entry(&key)?,
            };
            state.extend(found.map(|event| (key, event)));
        }
        let find = |kind: &StateEventType, state_key: &str| {
            state.get(&(kind.clone(), state_key.to_owned())).cloned()
        };
        Ok(auth::check(event, find).is_ok())
    }

    fn entry(&self, key: &Key) -> Result<Option<Pdu>, ResolveError<S::Error>> {
        if let Some(event) = self.events.get(key) {
            return Ok(Some(event.clone()));
        }
        let Some(event_id) = self.source.agreed(&key.0, &key.1).map_err(ResolveError::Source)? else {
            return Ok(None);
        };
        self.source.event(&event_id).map_err(ResolveError::Source)
    }
}
