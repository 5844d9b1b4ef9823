//! The cache of nodes, shared by all rooms, so that the tree of a busy room never touches the disk.

use std::sync::Arc;

use quick_cache::{Weighter, sync::Cache};

use super::node::{Node, NodeId};

/// What the cache itself needs for a node, besides the node.
const OVERHEAD_BYTES: usize = 64;
/// What a node of a large tree typically weighs.
const TYPICAL_NODE_BYTES: u64 = 256;

/// Nodes by name. A name says all about the content, so nothing in here ever goes stale, and rooms need not be told apart.
pub struct NodeCache(Cache<NodeId, Arc<Node>, Weight>);

#[derive(Clone)]
struct Weight;

impl Weighter<NodeId, Arc<Node>> for Weight {
    fn weight(&self, _: &NodeId, node: &Arc<Node>) -> u64 {
        (OVERHEAD_BYTES + node.bytes()) as u64
    }
}

impl NodeCache {
    /// A cache that holds at most `bytes_max` bytes of nodes.
    pub fn new(bytes_max: u64) -> Self {
        let nodes = usize::try_from(bytes_max / TYPICAL_NODE_BYTES).unwrap_or(usize::MAX);
        Self(Cache::with_weighter(nodes, bytes_max, Weight))
    }

    /// The bytes that the cache holds now.
    pub fn bytes(&self) -> u64 {
        self.0.weight()
    }

    pub(super) fn get(&self, id: NodeId) -> Option<Arc<Node>> {
        self.0.get(&id)
    }

    pub(super) fn insert(&self, id: NodeId, node: Arc<Node>) {
        self.0.insert(id, node);
    }
}
