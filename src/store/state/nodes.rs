//! Where nodes are read from: the table `state_nodes`, `(room, node id) → node`, behind the cache.

use std::sync::Arc;

use kith_kv::{Batch, KeyRange, Read};

use super::{
    cache::NodeCache,
    node::{Node, NodeId},
};
use crate::{Error, catalog::families, key::Key, sids::RoomSid};

/// Nodes that the engine is asked for at once.
const READ_NODES_MAX: usize = 256;

/// A source of nodes.
pub trait Nodes {
    /// The node of a name that a stored root or node mentions, so its absence is an error.
    fn node(&self, id: NodeId) -> Result<Arc<Node>, Error>;

    /// Many nodes, in the order of the names; cheaper than as many `node`s.
    fn nodes(&self, ids: &[NodeId]) -> Result<Vec<Arc<Node>>, Error> {
        ids.iter().map(|id| self.node(*id)).collect()
    }
}

/// The stored nodes of one room.
pub struct RoomNodes<'a> {
    read: &'a dyn Read,
    room: RoomSid,
    cache: &'a NodeCache,
}

impl<'a> RoomNodes<'a> {
    /// The nodes of `room` as `read` sees them.
    pub fn new(read: &'a dyn Read, room: RoomSid, cache: &'a NodeCache) -> Self {
        Self { read, room, cache }
    }

    pub(super) fn room(&self) -> RoomSid {
        self.room
    }

    pub(super) fn cache(&self) -> &'a NodeCache {
        self.cache
    }

    /// Reads nodes that are not cached.
    fn fetch(&self, ids: &[NodeId]) -> Result<Vec<Arc<Node>>, Error> {
        let mut nodes = Vec::with_capacity(ids.len());
        for ids in ids.chunks(READ_NODES_MAX) {
            let keys: Vec<_> = ids.iter().map(|id| key(self.room, *id)).collect();
            for (id, bytes) in ids.iter().zip(self.read.get_many(families::STATE_NODES.0, &keys)?) {
                nodes.push(self.read_in(*id, bytes)?);
            }
        }
        Ok(nodes)
    }

    fn read_in(&self, id: NodeId, bytes: Option<Vec<u8>>) -> Result<Arc<Node>, Error> {
        let missing = || Error::Missing {
            table: families::STATE_NODES.1,
            key: format!("room {}, node {id:?}", self.room.0),
        };
        let node = Node::decode(&bytes.ok_or_else(missing)?).ok_or_else(|| corrupt("node"))?;
        let node = Arc::new(node);
        self.cache.insert(id, Arc::clone(&node));
        Ok(node)
    }
}

impl Nodes for RoomNodes<'_> {
    fn node(&self, id: NodeId) -> Result<Arc<Node>, Error> {
        if let Some(node) = self.cache.get(id) {
            return Ok(node);
        }
        self.read_in(id, self.read.get(families::STATE_NODES.0, &key(self.room, id))?)
    }

    fn nodes(&self, ids: &[NodeId]) -> Result<Vec<Arc<Node>>, Error> {
        together(ids, |id| self.cache.get(id), |absent| self.fetch(absent))
    }
}

/// Takes what `near` has and asks `far` once for all the rest; keeps the order.
pub(super) fn together(
    ids: &[NodeId],
    near: impl Fn(NodeId) -> Option<Arc<Node>>,
    far: impl FnOnce(&[NodeId]) -> Result<Vec<Arc<Node>>, Error>,
) -> Result<Vec<Arc<Node>>, Error> {
    let found: Vec<_> = ids.iter().map(|id| near(*id)).collect();
    let absent: Vec<_> =
        ids.iter().zip(&found).filter(|(_, node)| node.is_none()).map(|(id, _)| *id).collect();
    let mut rest = if absent.is_empty() { Vec::new() } else { far(&absent)? }.into_iter();
    Ok(found.into_iter().filter_map(|node| node.or_else(|| rest.next())).collect())
}

/// Deletes all nodes of a room: every root of it becomes unreadable.
pub fn purge(batch: &mut Batch, room: RoomSid) {
    batch.delete_range(families::STATE_NODES.0, KeyRange::prefix(&room.to_bytes()));
}

/// The key of a node in `state_nodes`.
pub(super) fn key(room: RoomSid, id: NodeId) -> Vec<u8> {
    (room, id.0).to_bytes()
}

/// The error for a tree that no sequence of changes can have made.
pub(super) fn corrupt(what: &'static str) -> Error {
    Error::Corrupt { table: families::STATE_NODES.1, what }
}
