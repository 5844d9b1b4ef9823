//! Changing a state: one algorithm for setting, removing and building, one entry or many.
//!
//! The changes are sorted by path and handed down the tree; every node on the way is made anew if something below
//! it changed, and is left out of sight if nothing did.

use std::sync::Arc;

use super::{
    StateRoot,
    node::{Branch, Built, Entry, FANOUT, LEVELS, Node, NodeBuilder, NodeId, path, slot},
    nodes::{Nodes, corrupt},
    pending::Pending,
};
use crate::{
    Error,
    sids::{EventSid, StateKeySid},
};

/// The state with every change made: set where there is an event, removed where there is none. Of several changes
/// to one key the last counts. The new nodes are in `pending` afterwards; `nodes` need not know those in there.
pub fn apply(
    nodes: &dyn Nodes,
    pending: &mut Pending,
    root: StateRoot,
    changes: impl IntoIterator<Item = (StateKeySid, Option<EventSid>)>,
) -> Result<StateRoot, Error> {
    let mut changes: Vec<Change> =
        changes.into_iter().map(|(key, event)| Change { path: path(key), key, event }).collect();
    // The sort keeps the order of changes to one key; reversed, the last one is the one that stays.
    changes.reverse();
    changes.sort_by_key(|change| change.path);
    changes.dedup_by_key(|change| change.path);

    let before = root.node().map_or(Branch::Empty, Branch::Node);
    let mut work = Work { nodes, pending };
    let loaded = root.node().filter(|_| !changes.is_empty()).map(|id| work.load(&[id])).transpose()?;
    let loaded = loaded.and_then(|nodes| nodes.into_iter().next());
    match work.branch(before, loaded, 0, &changes)?.0 {
        Branch::Empty => Ok(StateRoot::EMPTY),
        Branch::Node(id) => Ok(StateRoot(id)),
        Branch::Entry(entry) => {
            // Nothing is above the root to take a single entry.
            let mut builder = NodeBuilder::default();
            builder.push(slot(path(entry.key), 0), Branch::Entry(entry));
            Ok(StateRoot(work.pending.add(builder.into_node(1))))
        }
    }
}

struct Change {
    path: u64,
    key: StateKeySid,
    event: Option<EventSid>,
}

impl Change {
    fn placed(&self) -> Option<Placed> {
        Some(Placed { path: self.path, entry: Entry { key: self.key, event: self.event? } })
    }
}

#[derive(Clone, Copy)]
struct Placed {
    path: u64,
    entry: Entry,
}

struct Work<'a> {
    nodes: &'a dyn Nodes,
    pending: &'a mut Pending,
}

/// A branch after the changes, and by how many entries it grew.
type Outcome = (Branch, i64);

impl Work<'_> {
    fn load(&self, ids: &[NodeId]) -> Result<Vec<Arc<Node>>, Error> {
        self.pending.over(self.nodes).nodes(ids)
    }

    /// Applies changes that all lie below one branch; `loaded` is its node if it is one and there are changes.
    fn branch(
        &mut self,
        before: Branch,
        loaded: Option<Arc<Node>>,
        level: u32,
        changes: &[Change],
    ) -> Result<Outcome, Error> {
        if changes.is_empty() {
            return Ok((before, 0));
        }
        let mut placed: Vec<Placed>;
        let entries_before;
        match (before, loaded) {
            (Branch::Node(id), Some(node)) => return self.node(id, &node, level, changes),
            (Branch::Node(_), None) => return Err(corrupt("branch that was not loaded")),
            (Branch::Empty, _) => {
                placed = changes.iter().filter_map(Change::placed).collect();
                entries_before = 0;
            }
            (Branch::Entry(entry), _) => {
                placed = changes.iter().filter_map(Change::placed).collect();
                entries_before = 1;
                let path = path(entry.key);
                if changes.binary_search_by_key(&path, |change| change.path).is_err() {
                    let at = placed.partition_point(|other| other.path < path);
                    placed.insert(at, Placed { path, entry });
                }
            }
        }
        let after = self.fresh(level, &placed)?;
        Ok((after, signed(placed.len())? - entries_before))
    }

    /// Applies changes to a node that is there.
    fn node(&mut self, id: NodeId, before: &Node, level: u32, changes: &[Change]) -> Result<Outcome, Error> {
        if level >= LEVELS {
            return Err(corrupt("tree that is too deep"));
        }
        let parts = parts(changes, |change| slot(change.path, level));
        let touched: Vec<NodeId> = (0..FANOUT)
            .zip(&parts)
            .filter(|(_, part)| !part.is_empty())
            .filter_map(|(slot, _)| match before.branch(slot) {
                Branch::Node(id) => Some(id),
                Branch::Empty | Branch::Entry(_) => None,
            })
            .collect();
        let mut loaded = self.load(&touched)?.into_iter();

        let mut builder = NodeBuilder::default();
        let (mut changed, mut grown) = (false, 0);
        for (slot, part) in (0..FANOUT).zip(parts) {
            let branch = before.branch(slot);
            let below = match branch {
                Branch::Node(_) if !part.is_empty() => loaded.next(),
                _ => None,
            };
            let (after, more) = self.branch(branch, below, level + 1, part)?;
            changed |= after != branch;
            grown += more;
            builder.push(slot, after);
        }
        if !changed {
            return Ok((Branch::Node(id), 0));
        }
        let len =
            before.len().checked_add_signed(grown).ok_or_else(|| corrupt("node with a wrong length"))?;
        Ok((self.made(builder.finish(len)), grown))
    }

    /// The tree of these entries alone, bottom-up. They are sorted by path.
    fn fresh(&mut self, level: u32, placed: &[Placed]) -> Result<Branch, Error> {
        match placed {
            [] => return Ok(Branch::Empty),
            [single] => return Ok(Branch::Entry(single.entry)),
            // Different keys have different paths, so they have parted before.
            _ if level >= LEVELS => return Err(corrupt("tree that is too deep")),
            _ => {}
        }
        let mut builder = NodeBuilder::default();
        for (slot, part) in (0..FANOUT).zip(parts(placed, |placed| slot(placed.path, level))) {
            let branch = self.fresh(level + 1, part)?;
            builder.push(slot, branch);
        }
        Ok(self.made(builder.finish(placed.len() as u64)))
    }

    fn made(&mut self, built: Built) -> Branch {
        match built {
            Built::Empty => Branch::Empty,
            Built::Entry(entry) => Branch::Entry(entry),
            Built::Node(node) => Branch::Node(self.pending.add(node)),
        }
    }
}

/// Cuts a list that is sorted by path into the parts of the slots.
fn parts<T>(sorted: &[T], slot_of: impl Fn(&T) -> u32) -> [&[T]; FANOUT as usize] {
    let mut rest = sorted;
    std::array::from_fn(|slot| {
        let count = rest.partition_point(|item| slot_of(item) as usize <= slot);
        let (part, later) = rest.split_at(count);
        rest = later;
        part
    })
}

fn signed(count: usize) -> Result<i64, Error> {
    i64::try_from(count).map_err(|_| corrupt("state with too many entries"))
}
