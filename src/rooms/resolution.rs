//! Bringing forks together: finds in the state trees what the forks disagree about, has it resolved, and makes the tree
//! of the answer. Costs the size of the disagreement, not of the room.

use std::collections::{BTreeMap, HashMap, HashSet};

use kith_event::{
    Pdu,
    resolve::{
        AuthNode, Conflict, ResolveError, Source, StateMap, auth_difference, conflicted_subgraph,
        needs_auth_difference, needs_subgraph,
    },
};
use kith_store::{Error, EventSid, StateKeySid, state::StateRoot};
use ruma::{EventId, OwnedEventId, events::StateEventType};

use crate::{commit::RoomWrite, write_error::WriteError};

/// What the forks disagree about.
struct Disagreement {
    base: StateRoot,
    /// The entries, with their names.
    keys: BTreeMap<StateKeySid, (StateEventType, String)>,
    /// For each fork its events under these keys, in the keys' order.
    forks: Vec<Vec<Option<EventSid>>>,
}

/// Where resolution looks up what it was not given.
struct RoomSource<'w, 'a> {
    write: &'w RoomWrite<'a>,
    base: StateRoot,
}

/// One state out of several, all different. There must be at least one.
pub(crate) fn resolve(write: &mut RoomWrite<'_>, roots: &[StateRoot]) -> Result<StateRoot, WriteError> {
    let base = match roots {
        [] => return Ok(StateRoot::EMPTY),
        [only] => return Ok(*only),
        [base, ..] => *base,
    };
    metrics::counter!("kith_rooms_resolutions_total").increment(1);
    let disagreement = Disagreement::find(write, base, roots)?;
    let conflict = disagreement.conflict(write)?;
    let resolved =
        kith_event::resolve::resolve(&conflict, &RoomSource { write, base }).map_err(
            |error| match error {
                ResolveError::Source(error) => WriteError::Store(error),
                ResolveError::Algorithm(reason) => WriteError::Unresolvable(reason),
            },
        )?;
    let ids = write.rooms.store.ids();
    let mut changes = Vec::with_capacity(disagreement.keys.len());
    for (key, name) in &disagreement.keys {
        let event = resolved.get(name).map(|event_id| ids.event(event_id)).transpose()?;
        changes.push((*key, event));
    }
    Ok(write.states.apply(base, &changes)?)
}

impl Disagreement {
    fn find(write: &RoomWrite<'_>, base: StateRoot, roots: &[StateRoot]) -> Result<Self, Error> {
        let ids = write.rooms.store.ids();
        let mut keys = BTreeMap::new();
        for root in roots {
            for (key, _, _) in write.states.diff(base, *root)? {
                if let std::collections::btree_map::Entry::Vacant(vacant) = keys.entry(key) {
                    let (kind, state_key) = ids.state_key_of(key)?;
                    vacant.insert((StateEventType::from(kind), state_key));
                }
            }
        }
        let listed: Vec<StateKeySid> = keys.keys().copied().collect();
        let forks =
            roots.iter().map(|root| write.states.get_many(*root, &listed)).collect::<Result<_, _>>()?;
        Ok(Self { base, keys, forks })
    }

    fn conflict(&self, write: &RoomWrite<'_>) -> Result<Conflict, Error> {
        let ids = write.rooms.store.ids();
        let named = |events: HashSet<EventSid>| -> Result<HashSet<OwnedEventId>, Error> {
            events.into_iter().map(|event| ids.event_id(event)).collect()
        };
        let mut forks = Vec::with_capacity(self.forks.len());
        for fork in &self.forks {
            let mut map = StateMap::new();
            for (name, event) in self.keys.values().zip(fork) {
                if let Some(event) = event {
                    map.insert(name.clone(), ids.event_id(*event)?);
                }
            }
            forks.push(map);
        }
        let room_version = write.room.version;
        let auth_difference = match needs_auth_difference(room_version) {
            true => named(self.auth_difference(write)?)?,
            false => HashSet::new(),
        };
        let subgraph = match needs_subgraph(room_version) {
            true => named(self.subgraph(write)?)?,
            false => HashSet::new(),
        };
        Ok(Conflict { room_version, forks, auth_difference, subgraph })
    }

    fn auth_difference(&self, write: &RoomWrite<'_>) -> Result<HashSet<EventSid>, Error> {
        let forks: Vec<Vec<EventSid>> =
            self.forks.iter().map(|fork| fork.iter().flatten().copied().collect()).collect();
        let common = |difference: &HashMap<EventSid, u64>| {
            let first = self.agreed_first(write, difference)?;
            let rest = write.states.iter(self.base).filter_map(|entry| match entry {
                Ok((key, _)) if self.keys.contains_key(&key) => None,
                Ok((_, event)) => Some(Ok(event)),
                Err(error) => Some(Err(error)),
            });
            Ok(first.into_iter().map(Ok).chain(rest))
        };
        auth_difference(&forks, common, |event| node(write, *event))
    }

    fn subgraph(&self, write: &RoomWrite<'_>) -> Result<HashSet<EventSid>, Error> {
        let conflicted: Vec<EventSid> = self.forks.iter().flatten().flatten().copied().collect();
        conflicted_subgraph(&conflicted, |event| node(write, *event))
    }

    /// Events that all forks have: those of the difference, and those that have most of the room's past in their auth
    /// chains.
    fn agreed_first(
        &self,
        write: &RoomWrite<'_>,
        difference: &HashMap<EventSid, u64>,
    ) -> Result<Vec<EventSid>, Error> {
        let mut first = Vec::new();
        for event in difference.keys() {
            let key = write.find_meta(*event)?.and_then(|meta| meta.state_key);
            if let Some(key) = key.filter(|key| !self.keys.contains_key(key))
                && write.states.get(self.base, key)? == Some(*event)
            {
                first.push(*event);
            }
        }
        for kind in
            [StateEventType::RoomPowerLevels, StateEventType::RoomJoinRules, StateEventType::RoomCreate]
        {
            let name = (kind, String::new());
            if !self.keys.values().any(|key| *key == name) {
                first.extend(write.event_of(self.base, &name.0, "")?);
            }
        }
        Ok(first)
    }
}

fn node(write: &RoomWrite<'_>, event: EventSid) -> Result<Option<AuthNode<EventSid>>, Error> {
    Ok(write.find_meta(event)?.map(|meta| AuthNode { depth: meta.auth_depth, auth_events: meta.auth }))
}

impl Source for RoomSource<'_, '_> {
    type Error = Error;

    fn event(&self, event_id: &EventId) -> Result<Option<Pdu>, Error> {
        match self.write.rooms.store.ids().find_event(event_id)? {
            Some(event) => self.write.find_pdu(event),
            None => Ok(None),
        }
    }

    fn agreed(&self, kind: &StateEventType, state_key: &str) -> Result<Option<OwnedEventId>, Error> {
        let event = self.write.event_of(self.base, kind, state_key)?;
        event.map(|event| self.write.rooms.store.ids().event_id(event)).transpose()
    }
}
