//! State resolution: one state out of the states of several forks, by the algorithm of the room version.
//!
//! Callers pass only what the forks disagree about, plus the set of authorising events that not all forks have in
//! common; both are small where the states are large. Where states and events are kept is not known here.
//! <https://spec.matrix.org/v1.19/rooms/v12/#state-resolution>

mod auth_chain;
mod trimmed;
mod v1;

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use ruma::{EventId, OwnedEventId, events::StateEventType};

pub use self::auth_chain::{AuthNode, auth_depth, auth_difference, conflicted_subgraph};
use crate::{Pdu, RoomVersion};

/// A state, or a part of one: which event stands under each type and state key.
pub type StateMap = ruma::state_res::StateMap<OwnedEventId>;

/// What there is to resolve.
#[derive(Clone, Debug)]
pub struct Conflict {
    /// The version of the room.
    pub room_version: &'static RoomVersion,
    /// For each fork its entries under those keys where the forks do not all have the same event. A fork may lack
    /// some of these keys.
    pub forks: Vec<StateMap>,
    /// The authorising events that are not common to all forks: the answer of [`auth_difference`]. Not needed, and
    /// not looked at, in room version 1.
    pub auth_difference: HashSet<OwnedEventId>,
    /// The answer of [`conflicted_subgraph`]. Looked at only if [`needs_subgraph`].
    pub subgraph: HashSet<OwnedEventId>,
}

/// Where resolution finds what it was not given.
pub trait Source {
    /// Why looking up may fail.
    type Error;

    /// An event of the room, rejected ones included; `None` if it is not known.
    fn event(&self, event_id: &EventId) -> Result<Option<Pdu>, Self::Error>;

    /// The event that every fork has under this key. Asked only for keys that are not in the conflict.
    fn agreed(&self, kind: &StateEventType, state_key: &str) -> Result<Option<OwnedEventId>, Self::Error>;
}

/// Why a conflict cannot be resolved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError<E> {
    /// Something could not be looked up.
    #[error(transparent)]
    Source(E),
    /// The events are not what the algorithm needs them to be.
    #[error("state resolution: {0}")]
    Algorithm(String),
}

/// Whether the room version uses the auth difference of the forks.
pub fn needs_auth_difference(room_version: &RoomVersion) -> bool {
    room_version.state_res_v2().is_some()
}

/// Whether the room version uses the conflicted state subgraph.
pub fn needs_subgraph(room_version: &RoomVersion) -> bool {
    room_version.state_res_v2().is_some_and(|rules| rules.consider_conflicted_state_subgraph)
}

/// Resolves a conflict.
///
/// The resolved state is what the forks agree about, with the entries of the answer put over it; keys of the
/// conflict that are missing from the answer are in no resolved state.
pub fn resolve<S: Source>(conflict: &Conflict, source: &S) -> Result<StateMap, ResolveError<S::Error>> {
    match conflict.room_version.state_res_v2() {
        Some(rules) => trimmed::resolve(conflict, rules, source),
        None => v1::resolve(conflict, source),
    }
}
