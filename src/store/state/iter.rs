//! Walking through all entries of a state, in the order of their paths.

use std::sync::Arc;

use super::{
    StateRoot,
    node::{Branch, FANOUT, LEVELS, Node},
    nodes::{Nodes, corrupt},
};
use crate::{
    Error,
    sids::{EventSid, StateKeySid},
};

/// Every entry of a state.
pub fn iter<N: Nodes>(nodes: N, root: StateRoot) -> Iter<N> {
    Iter { nodes, root, stack: Vec::new() }
}

/// The iterator behind [`iter`]. It holds the nodes from the root to where it is and their children, which are read
/// together: at most 33 nodes a level, whatever the size of the state.
pub struct Iter<N> {
    nodes: N,
    /// What is still to be opened; afterwards the empty state.
    root: StateRoot,
    stack: Vec<Level>,
}

struct Level {
    node: Arc<Node>,
    next_slot: u32,
    /// The children that are still to come.
    children: std::vec::IntoIter<Arc<Node>>,
}

impl<N: Nodes> Iter<N> {
    fn descend(&mut self, node: Arc<Node>) -> Result<(), Error> {
        if self.stack.len() >= LEVELS as usize {
            return Err(corrupt("tree that is too deep"));
        }
        let children = match node.children() {
            [] => Vec::new(),
            ids => self.nodes.nodes(ids)?,
        };
        self.stack.push(Level { node, next_slot: 0, children: children.into_iter() });
        Ok(())
    }

    fn step(&mut self) -> Result<Option<(StateKeySid, EventSid)>, Error> {
        if let Some(id) = std::mem::take(&mut self.root).node() {
            let node = self.nodes.node(id)?;
            self.descend(node)?;
        }
        while let Some(level) = self.stack.last_mut() {
            if level.next_slot == FANOUT {
                self.stack.pop();
                continue;
            }
            let branch = level.node.branch(level.next_slot);
            level.next_slot += 1;
            match branch {
                Branch::Empty => {}
                Branch::Entry(entry) => return Ok(Some((entry.key, entry.event))),
                Branch::Node(_) => {
                    let child = level.children.next().ok_or_else(|| corrupt("branch that was not loaded"))?;
                    self.descend(child)?;
                }
            }
        }
        Ok(None)
    }
}

impl<N: Nodes> Iterator for Iter<N> {
    type Item = Result<(StateKeySid, EventSid), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.step();
        if step.is_err() {
            // After an error nothing more can be told.
            self.stack.clear();
        }
        step.transpose()
    }
}
