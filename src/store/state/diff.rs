//! Comparing two states: equal subtrees have equal names and are skipped, so the cost is that of the difference.

use std::sync::Arc;

use super::{
    StateRoot,
    node::{Branch, Entry, FANOUT, LEVELS, Node, NodeId, path, slot},
    nodes::{Nodes, corrupt},
};
use crate::{
    Error,
    sids::{EventSid, StateKeySid},
};

/// An entry that differs: its key, its event in the first state, its event in the second.
pub type Difference = (StateKeySid, Option<EventSid>, Option<EventSid>);

/// The entries in which two states differ, in the order of the tree.
pub fn diff(nodes: &dyn Nodes, before: StateRoot, after: StateRoot) -> Result<Vec<Difference>, Error> {
    let root = |root: StateRoot| root.node().map_or(Branch::Empty, Branch::Node);
    let mut differences = Vec::new();
    pairs(nodes, vec![(root(before), root(after))], 0, &mut differences)?;
    Ok(differences)
}

/// A branch whose node, if it is one, has been read.
enum Side {
    Empty,
    Entry(Entry),
    Node(Arc<Node>),
}

impl Side {
    /// The branch of a slot. An entry that faces a node lies in the slot it would take if it were in one.
    fn branch(&self, slot_here: u32, level: u32) -> Branch {
        match self {
            Side::Node(node) => node.branch(slot_here),
            Side::Entry(entry) if slot(path(entry.key), level) == slot_here => Branch::Entry(*entry),
            Side::Entry(_) | Side::Empty => Branch::Empty,
        }
    }
}

/// Compares branches at one level, which all differ or may; their nodes are read in one request.
fn pairs(
    nodes: &dyn Nodes,
    branches: Vec<(Branch, Branch)>,
    level: u32,
    differences: &mut Vec<Difference>,
) -> Result<(), Error> {
    let branches: Vec<_> = branches.into_iter().filter(|(before, after)| before != after).collect();
    let ids: Vec<NodeId> = branches
        .iter()
        .flat_map(|(before, after)| [before, after])
        .filter_map(|branch| match branch {
            Branch::Node(id) => Some(*id),
            Branch::Empty | Branch::Entry(_) => None,
        })
        .collect();
    if !ids.is_empty() && level >= LEVELS {
        return Err(corrupt("tree that is too deep"));
    }
    let mut loaded = nodes.nodes(&ids)?.into_iter();
    let mut side = |branch| match branch {
        Branch::Empty => Some(Side::Empty),
        Branch::Entry(entry) => Some(Side::Entry(entry)),
        Branch::Node(_) => loaded.next().map(Side::Node),
    };
    for (before, after) in branches {
        let (Some(before), Some(after)) = (side(before), side(after)) else {
            return Err(corrupt("branch that was not loaded"));
        };
        pair(nodes, &before, &after, level, differences)?;
    }
    Ok(())
}

fn pair(
    nodes: &dyn Nodes,
    before: &Side,
    after: &Side,
    level: u32,
    differences: &mut Vec<Difference>,
) -> Result<(), Error> {
    match (before, after) {
        (Side::Empty, Side::Empty) => {}
        (Side::Entry(entry), Side::Empty) => differences.push((entry.key, Some(entry.event), None)),
        (Side::Empty, Side::Entry(entry)) => differences.push((entry.key, None, Some(entry.event))),
        (Side::Entry(old), Side::Entry(new)) if old.key == new.key => {
            differences.push((old.key, Some(old.event), Some(new.event)));
        }
        (Side::Entry(old), Side::Entry(new)) => {
            let mut both = [(old.key, Some(old.event), None), (new.key, None, Some(new.event))];
            both.sort_by_key(|(key, ..)| path(*key));
            differences.extend(both);
        }
        (Side::Node(_), _) | (_, Side::Node(_)) => {
            let below = (0..FANOUT).map(|slot| (before.branch(slot, level), after.branch(slot, level)));
            pairs(nodes, below.collect(), level + 1, differences)?;
        }
    }
    Ok(())
}
