//! State resolution version 2 and 2.1: ruma's algorithm, given only those parts of the states that it will look at.
//!
//! Why the parts are enough: the algorithm reads the agreed entries only to authorise the events it sorts, to find
//! the power levels, and to overrule what it put under an agreed key; and it reads the auth chains only to take
//! their difference.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
};

use ruma::{
    EventId, OwnedEventId,
    events::StateEventType,
    room_version_rules::StateResolutionV2Rules,
    state_res::{resolve as ruma_resolve, utils::event_id_set::EventIdSet},
};

use super::{Conflict, ResolveError, Source, StateMap};
use crate::{Pdu, auth, owned_state::resolve_masked};

/// Resolves a conflict.
pub(super) fn resolve<S: Source>(
    conflict: &Conflict,
    rules: &StateResolutionV2Rules,
    source: &S,
) -> Result<StateMap, ResolveError<S::Error>> {
    let events = Events::new(source);
    let agreed = agreed_entries(conflict, rules, &events)?;
    let forks: Vec<StateMap> = conflict
        .forks
        .iter()
        .map(|fork| {
            fork.iter().chain(&agreed).map(|(key, event_id)| (key.clone(), event_id.clone())).collect()
        })
        .collect();
    // Only what is not in all chains counts, and of these two nothing is in both.
    let chains = vec![conflict.auth_difference.iter().cloned().collect(), EventIdSet::new()];
    let resolved = if conflict.room_version.has_owned_state() {
        let fetch = |event_id: &EventId| events.find(event_id);
        resolve_masked(conflict.room_version, rules, &forks, chains, fetch, &conflict.subgraph)
    } else {
        let resolved = ruma_resolve(
            conflict.room_version.auth(),
            rules,
            &forks,
            chains,
            |event_id| events.find(event_id),
            |_| Some(conflict.subgraph.iter().cloned().collect()),
        );
        resolved.map_err(|error| error.to_string())
    };
    if let Some(error) = events.failure.into_inner() {
        return Err(ResolveError::Source(error));
    }
    let mut resolved = resolved.map_err(ResolveError::Algorithm)?;
    resolved.retain(|key, _| !agreed.contains_key(key));
    Ok(resolved)
}

/// The agreed entries that the algorithm will ask for.
fn agreed_entries<S: Source>(
    conflict: &Conflict,
    rules: &StateResolutionV2Rules,
    events: &Events<'_, S>,
) -> Result<StateMap, ResolveError<S::Error>> {
    let conflicted = conflict.forks.iter().flat_map(|fork| fork.values());
    let subgraph = conflict.subgraph.iter().filter(|_| rules.consider_conflicted_state_subgraph);
    let sorted: HashSet<&OwnedEventId> =
        conflicted.chain(&conflict.auth_difference).chain(subgraph).collect();
    let mut keys = HashSet::from([(StateEventType::RoomPowerLevels, String::new())]);
    for event_id in sorted {
        let Some(event) = events.find(event_id) else {
            continue;
        };
        keys.extend(event.state_entry());
        // Version 2.1 authorises on top of nothing, so there it does not ask the agreed entries.
        if !rules.begin_iterative_auth_checks_with_empty_state_map {
            keys.extend(auth::state_needed(&event).unwrap_or_default());
        }
    }
    let mut agreed = StateMap::new();
    for key in keys {
        if conflict.forks.iter().any(|fork| fork.contains_key(&key)) {
            continue;
        }
        if let Some(event_id) = events.source.agreed(&key.0, &key.1).map_err(ResolveError::Source)? {
            agreed.insert(key, event_id);
        }
    }
    Ok(agreed)
}

/// The events of the room, each looked up once. ruma cannot be told that looking up failed, so this remembers it.
struct Events<'a, S: Source> {
    source: &'a S,
    known: RefCell<HashMap<OwnedEventId, Option<Pdu>>>,
    failure: RefCell<Option<S::Error>>,
}

impl<'a, S: Source> Events<'a, S> {
    fn new(source: &'a S) -> Self {
        Self { source, known: RefCell::default(), failure: RefCell::new(None) }
    }

    fn find(&self, event_id: &EventId) -> Option<Pdu> {
        if let Some(event) = self.known.borrow().get(event_id) {
            return event.clone();
        }
        let event = match self.source.event(event_id) {
            Ok(event) => event,
            Err(error) => {
                *self.failure.borrow_mut() = Some(error);
                None
            }
        };
        self.known.borrow_mut().insert(event_id.to_owned(), event.clone());
        event
    }
}
