//! Proving a stored tree: for `kith check` and for tests. Reads every node of the state.

use std::sync::Arc;

use super::{
    StateRoot,
    node::{Branch, FANOUT, LEVELS, Node, NodeId, path, slot},
    nodes::{Nodes, corrupt},
};
use crate::Error;

/// Proves that a state is whole and in canonical form: every node is there, has the name that its content gives
/// it and the length that it says, and holds only keys whose paths lead there. Gives the number of entries.
///
/// To prove what is on disk, `nodes` must not come from a warm cache.
pub fn check(nodes: &dyn Nodes, root: StateRoot) -> Result<u64, Error> {
    let Some(id) = root.node() else { return Ok(0) };
    let node = nodes.node(id)?;
    subtree(nodes, id, &node, 0, 0)
}

/// `prefix` is what the paths of all keys below this node begin with, as slots of the levels above.
fn subtree(nodes: &dyn Nodes, id: NodeId, node: &Arc<Node>, level: u32, prefix: u64) -> Result<u64, Error> {
    if level >= LEVELS {
        return Err(corrupt("tree that is too deep"));
    }
    if node.id() != id {
        return Err(corrupt("node under another node's name"));
    }
    if level > 0 && node.len() < 2 {
        return Err(corrupt("node for a single entry"));
    }
    let mut children = nodes.nodes(node.children())?.into_iter();
    let mut len = 0;
    for slot_here in 0..FANOUT {
        let prefix = prefix << 5 | u64::from(slot_here);
        match node.branch(slot_here) {
            Branch::Empty => {}
            Branch::Entry(entry) => {
                let path = path(entry.key);
                let leads_here =
                    (0..=level).fold(0, |prefix, level| prefix << 5 | u64::from(slot(path, level)));
                if leads_here != prefix {
                    return Err(corrupt("entry in a place where nobody looks for it"));
                }
                len += 1;
            }
            Branch::Node(id) => {
                let child = children.next().ok_or_else(|| corrupt("branch that was not loaded"))?;
                len += subtree(nodes, id, &child, level + 1, prefix)?;
            }
        }
    }
    if len == node.len() { Ok(len) } else { Err(corrupt("node with a wrong length")) }
}
