//! Nodes that were made and are not yet written: readable at once, written together, and only if a kept root needs them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use kith_kv::Batch;

use super::{
    StateRoot,
    cache::NodeCache,
    node::{Node, NodeId},
    nodes::{Nodes, key, together},
};
use crate::{Error, catalog::families, sids::RoomSid};

/// New nodes by name. Whatever a new node refers to is either stored or in here as well.
#[derive(Default)]
pub struct Pending {
    made: HashMap<NodeId, Arc<Node>>,
}

impl Pending {
    /// These nodes, and behind them those that are stored.
    pub fn over<'a>(&'a self, stored: &'a dyn Nodes) -> Overlay<'a> {
        Overlay { pending: self, stored }
    }

    /// How many nodes were made.
    pub fn len(&self) -> usize {
        self.made.len()
    }

    /// True if no node was made.
    pub fn is_empty(&self) -> bool {
        self.made.is_empty()
    }

    /// Puts those of the nodes that `roots` need into `batch`, and into the cache, since they will be read next;
    /// gives their number.
    ///
    /// A node is written even if the same one was stored before: asking would cost more, and an equal node that is
    /// only cached may not be there.
    pub fn write(&self, room: RoomSid, batch: &mut Batch, roots: &[StateRoot], cache: &NodeCache) -> usize {
        let mut written = HashSet::new();
        let mut wanted: Vec<NodeId> = roots.iter().filter_map(|root| root.node()).collect();
        while let Some(id) = wanted.pop() {
            let Some(node) = self.made.get(&id) else { continue };
            if written.insert(id) {
                batch.put(families::STATE_NODES.0, key(room, id), node.encode());
                cache.insert(id, Arc::clone(node));
                wanted.extend_from_slice(node.children());
            }
        }
        written.len()
    }

    pub(super) fn add(&mut self, node: Node) -> NodeId {
        let id = node.id();
        self.made.entry(id).or_insert_with(|| Arc::new(node));
        id
    }
}

/// Pending nodes before stored ones.
#[derive(Clone, Copy)]
pub struct Overlay<'a> {
    pending: &'a Pending,
    stored: &'a dyn Nodes,
}

impl Nodes for Overlay<'_> {
    fn node(&self, id: NodeId) -> Result<Arc<Node>, Error> {
        match self.pending.made.get(&id) {
            Some(node) => Ok(Arc::clone(node)),
            None => self.stored.node(id),
        }
    }

    fn nodes(&self, ids: &[NodeId]) -> Result<Vec<Arc<Node>>, Error> {
        together(ids, |id| self.pending.made.get(&id).cloned(), |absent| self.stored.nodes(absent))
    }
}
