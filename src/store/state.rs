//! The state tree: a room's state as a persistent map `StateKeySid → EventSid`, named by its root.
//!
//! It is a compressed hash-array-mapped trie of fan-out 32. The key's hash is a bijection of the key, so two keys
//! always part at some depth. Nodes are immutable and named by a hash of their content; they are stored per room in
//! `state_nodes`, so that purging a room is one range delete. The form is canonical: equal maps have equal roots,
//! whatever happened to them before. So changing one entry costs O(log n) nodes, comparing two states costs the
//! size of their difference, and anything derived from a state can be cached under its root.
//!
//! Deliberately absent: what a state key or an event is, and when a state may be forgotten. Nodes that no stored
//! root reaches any more stay until the room is purged.

mod apply;
mod cache;
mod check;
mod diff;
mod get;
mod iter;
mod node;
mod nodes;
mod pending;

use kith_kv::{Batch, Read};
use serde::{Deserialize, Serialize};

pub use self::{
    apply::apply,
    cache::NodeCache,
    check::check,
    diff::{Difference, diff},
    get::{get, get_many, len},
    iter::{Iter, iter},
    node::{Node, NodeId},
    nodes::{Nodes, RoomNodes, purge},
    pending::{Overlay, Pending},
};
use crate::{
    Error,
    key::Key,
    sids::{EventSid, RoomSid, StateKeySid},
};

/// The name of a state: equal states of a room have equal roots.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct StateRoot(NodeId);

impl StateRoot {
    /// The state without entries.
    pub const EMPTY: Self = Self(NodeId::NONE);

    /// The id of the root node; `None` for the empty state, which has no node.
    pub fn node(self) -> Option<NodeId> {
        (self != Self::EMPTY).then_some(self.0)
    }
}

impl Default for StateRoot {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Key for StateRoot {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.0.encode(out);
    }
    fn decode(bytes: &mut &[u8]) -> Option<Self> {
        <[u8; 16]>::decode(bytes).map(|id| Self(NodeId(id)))
    }
}

/// The states of one room: all that is stored, and besides what was made here and is not yet written.
///
/// Several changes can be made one on another, each readable at once; [`RoomStates::write`] then puts what the
/// kept roots need into one batch.
pub struct RoomStates<'a> {
    nodes: RoomNodes<'a>,
    pending: Pending,
}

impl<'a> RoomStates<'a> {
    /// The states of `room` as `read` sees them.
    pub fn new(read: &'a dyn Read, room: RoomSid, cache: &'a NodeCache) -> Self {
        Self { nodes: RoomNodes::new(read, room, cache), pending: Pending::default() }
    }

    /// The event of one entry.
    pub fn get(&self, root: StateRoot, key: StateKeySid) -> Result<Option<EventSid>, Error> {
        get(&self.overlay(), root, key)
    }

    /// The events of many entries, in the order of the keys; reads each node once.
    pub fn get_many(&self, root: StateRoot, keys: &[StateKeySid]) -> Result<Vec<Option<EventSid>>, Error> {
        get_many(&self.overlay(), root, keys)
    }

    /// How many entries the state has; reads one node.
    pub fn len(&self, root: StateRoot) -> Result<u64, Error> {
        len(&self.overlay(), root)
    }

    /// The state with `key` set to `event`.
    pub fn insert(&mut self, root: StateRoot, key: StateKeySid, event: EventSid) -> Result<StateRoot, Error> {
        self.apply(root, &[(key, Some(event))])
    }

    /// The state without `key`.
    pub fn remove(&mut self, root: StateRoot, key: StateKeySid) -> Result<StateRoot, Error> {
        self.apply(root, &[(key, None)])
    }

    /// The state with every change made: set where there is an event, removed where there is none. Of several
    /// changes to one key the last counts.
    pub fn apply(
        &mut self,
        root: StateRoot,
        changes: &[(StateKeySid, Option<EventSid>)],
    ) -> Result<StateRoot, Error> {
        apply(&self.nodes, &mut self.pending, root, changes.iter().copied())
    }

    /// The state with just these entries, in any order.
    pub fn build(
        &mut self,
        entries: impl IntoIterator<Item = (StateKeySid, EventSid)>,
    ) -> Result<StateRoot, Error> {
        let changes = entries.into_iter().map(|(key, event)| (key, Some(event)));
        apply(&self.nodes, &mut self.pending, StateRoot::EMPTY, changes)
    }

    /// The entries in which two states differ; costs the size of the difference, not of the states.
    pub fn diff(&self, before: StateRoot, after: StateRoot) -> Result<Vec<Difference>, Error> {
        diff(&self.overlay(), before, after)
    }

    /// Every entry, in an order of the tree's own, which is the same for equal states. Needs little memory.
    pub fn iter(
        &self,
        root: StateRoot,
    ) -> impl Iterator<Item = Result<(StateKeySid, EventSid), Error>> + use<'_, 'a> {
        iter(self.overlay(), root)
    }

    /// Puts the nodes that were made here and that `roots` need into `batch`; gives their number.
    pub fn write(&self, batch: &mut Batch, roots: &[StateRoot]) -> usize {
        self.pending.write(self.nodes.room(), batch, roots, self.nodes.cache())
    }

    fn overlay(&self) -> Overlay<'_> {
        self.pending.over(&self.nodes)
    }
}

#[cfg(test)]
mod tests;
