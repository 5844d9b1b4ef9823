//! Looking entries up.

use std::ops::Range;

use super::{
    StateRoot,
    node::{Branch, FANOUT, LEVELS, NodeId, path, slot},
    nodes::{Nodes, corrupt},
};
use crate::{
    Error,
    sids::{EventSid, StateKeySid},
};

/// The event of one entry.
pub fn get(nodes: &dyn Nodes, root: StateRoot, key: StateKeySid) -> Result<Option<EventSid>, Error> {
    let path = path(key);
    let Some(mut id) = root.node() else { return Ok(None) };
    for level in 0..LEVELS {
        match nodes.node(id)?.branch(slot(path, level)) {
            Branch::Empty => return Ok(None),
            Branch::Entry(entry) => return Ok((entry.key == key).then_some(entry.event)),
            Branch::Node(below) => id = below,
        }
    }
    Err(corrupt("tree that is too deep"))
}

/// The events of many entries, in the order of the keys. Goes down level by level for all keys together, so each
/// node is read once and each level is one request.
pub fn get_many(
    nodes: &dyn Nodes,
    root: StateRoot,
    keys: &[StateKeySid],
) -> Result<Vec<Option<EventSid>>, Error> {
    let mut events = vec![None; keys.len()];
    let mut wanted: Vec<(u64, usize)> = keys.iter().enumerate().map(|(at, key)| (path(*key), at)).collect();
    wanted.sort_unstable();
    // Which of the wanted keys lie below which node: since they are sorted by path, each node has a range of them.
    let mut frontier: Vec<(NodeId, Range<usize>)> =
        root.node().filter(|_| !keys.is_empty()).map(|id| (id, 0..keys.len())).into_iter().collect();
    for level in 0..LEVELS {
        let ids: Vec<NodeId> = frontier.iter().map(|(id, _)| *id).collect();
        let mut below = Vec::new();
        for (node, (_, range)) in nodes.nodes(&ids)?.iter().zip(&frontier) {
            let mut start = range.start;
            for slot_here in 0..FANOUT {
                let in_slot =
                    wanted[start..range.end].partition_point(|(path, _)| slot(*path, level) <= slot_here);
                let here = start..start + in_slot;
                start = here.end;
                match node.branch(slot_here) {
                    Branch::Empty => {}
                    Branch::Entry(entry) => {
                        for (_, at) in &wanted[here] {
                            events[*at] = (keys[*at] == entry.key).then_some(entry.event);
                        }
                    }
                    Branch::Node(_) if here.is_empty() => {}
                    Branch::Node(id) => below.push((id, here)),
                }
            }
        }
        frontier = below;
        if frontier.is_empty() {
            return Ok(events);
        }
    }
    Err(corrupt("tree that is too deep"))
}

/// How many entries a state has; reads one node.
pub fn len(nodes: &dyn Nodes, root: StateRoot) -> Result<u64, Error> {
    match root.node() {
        Some(id) => Ok(nodes.node(id)?.len()),
        None => Ok(0),
    }
}
