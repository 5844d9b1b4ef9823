//! One node of a state tree: its content, its bytes, its name, and the path a key takes through the levels.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::sids::{EventSid, StateKeySid};

/// Slots of a node.
pub(super) const FANOUT: u32 = 32;
/// Levels that a path can have: twelve of five bits and one of the last four.
pub(super) const LEVELS: u32 = 13;
const BITS_PER_LEVEL: u32 = 5;
/// The first byte of an encoded node. Another version would give equal states other names, so that states stored
/// before and after never share nodes; everything else would still hold.
const VERSION: u8 = 1;

/// The name of a node: the first half of its content's SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeId(pub(super) [u8; 16]);

impl NodeId {
    /// No node has this name.
    pub(super) const NONE: Self = Self([0; 16]);
}

impl fmt::Debug for NodeId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// An entry of the map.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Entry {
    pub(super) key: StateKeySid,
    pub(super) event: EventSid,
}

/// What lies in a slot, and so also what a whole map can be. A node below another holds two entries or more;
/// a single entry lies in the slot itself. That is what makes the form canonical.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Branch {
    Empty,
    Entry(Entry),
    Node(NodeId),
}

/// An immutable node: for each of 32 slots nothing, an entry or a node below.
#[derive(PartialEq, Eq, Debug)]
pub struct Node {
    /// The slots with an entry, and those with a node; they have none in common.
    entry_slots: u32,
    child_slots: u32,
    /// Entries here and everywhere below.
    len: u64,
    /// In slot order.
    entries: Box<[Entry]>,
    children: Box<[NodeId]>,
}

impl Node {
    /// How many entries the node and all below it have.
    #[expect(clippy::len_without_is_empty, reason = "a node always has an entry")]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// The memory that the node takes.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + size_of_val(&*self.entries) + size_of_val(&*self.children)
    }

    pub(super) fn branch(&self, slot: u32) -> Branch {
        let bit = 1_u32 << slot;
        let index_in = |slots: u32| (slots & (bit - 1)).count_ones() as usize;
        if self.entry_slots & bit != 0 {
            Branch::Entry(self.entries[index_in(self.entry_slots)])
        } else if self.child_slots & bit != 0 {
            Branch::Node(self.children[index_in(self.child_slots)])
        } else {
            Branch::Empty
        }
    }

    /// The nodes right below, in slot order.
    pub(super) fn children(&self) -> &[NodeId] {
        &self.children
    }

    /// The name that the content gives the node.
    pub(super) fn id(&self) -> NodeId {
        let digest = Sha256::digest(self.encode());
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        NodeId(id)
    }

    /// The stored form: version, both slot maps, the length where it is not plain, entries, children.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(16 + 10 * self.entries.len() + 16 * self.children.len());
        out.push(VERSION);
        out.extend_from_slice(&self.entry_slots.to_be_bytes());
        out.extend_from_slice(&self.child_slots.to_be_bytes());
        if !self.children.is_empty() {
            put_number(&mut out, self.len);
        }
        for entry in &self.entries {
            put_number(&mut out, entry.key.0);
            put_number(&mut out, entry.event.0);
        }
        for child in &self.children {
            out.extend_from_slice(&child.0);
        }
        out
    }

    /// Reads what [`Self::encode`] wrote; `None` if the bytes are anything else.
    pub(super) fn decode(mut bytes: &[u8]) -> Option<Self> {
        let bytes = &mut bytes;
        if take::<1>(bytes)? != [VERSION] {
            return None;
        }
        let entry_slots = u32::from_be_bytes(take(bytes)?);
        let child_slots = u32::from_be_bytes(take(bytes)?);
        if entry_slots & child_slots != 0 || entry_slots | child_slots == 0 {
            return None;
        }
        let entry_count = u64::from(entry_slots.count_ones());
        let len = if child_slots == 0 { entry_count } else { take_number(bytes)? };
        // Every child holds two entries or more.
        if len < entry_count + 2 * u64::from(child_slots.count_ones()) {
            return None;
        }
        let mut entries = Vec::with_capacity(entry_slots.count_ones() as usize);
        for _ in 0..entry_slots.count_ones() {
            let key = StateKeySid(take_number(bytes)?);
            entries.push(Entry { key, event: EventSid(take_number(bytes)?) });
        }
        let mut children = Vec::with_capacity(child_slots.count_ones() as usize);
        for _ in 0..child_slots.count_ones() {
            children.push(NodeId(take(bytes)?));
        }
        bytes.is_empty().then_some(Self {
            entry_slots,
            child_slots,
            len,
            entries: entries.into(),
            children: children.into(),
        })
    }
}

/// Collects the branches of a node, slot by slot in ascending order.
#[derive(Default)]
pub(super) struct NodeBuilder {
    entry_slots: u32,
    child_slots: u32,
    entries: Vec<Entry>,
    children: Vec<NodeId>,
}

/// What a finished builder amounts to.
pub(super) enum Built {
    Empty,
    /// One entry alone: the slot above takes it.
    Entry(Entry),
    Node(Node),
}

impl NodeBuilder {
    pub(super) fn push(&mut self, slot: u32, branch: Branch) {
        match branch {
            Branch::Empty => {}
            Branch::Entry(entry) => {
                self.entry_slots |= 1 << slot;
                self.entries.push(entry);
            }
            Branch::Node(id) => {
                self.child_slots |= 1 << slot;
                self.children.push(id);
            }
        }
    }

    /// The canonical form of what was pushed; `len` counts the entries here and below.
    pub(super) fn finish(self, len: u64) -> Built {
        match (&*self.entries, &*self.children) {
            ([], []) => Built::Empty,
            ([entry], []) => Built::Entry(*entry),
            _ => Built::Node(self.into_node(len)),
        }
    }

    /// The node, even where it has a single entry: only the root is ever so.
    pub(super) fn into_node(self, len: u64) -> Node {
        Node {
            entry_slots: self.entry_slots,
            child_slots: self.child_slots,
            len,
            entries: self.entries.into(),
            children: self.children.into(),
        }
    }
}

/// The path of a key: the key itself, its bits mixed by splitmix64's finaliser, which is a bijection. So paths
/// are spread evenly although keys are counted upwards, and no two keys share one.
pub(super) fn path(key: StateKeySid) -> u64 {
    let mut mixed = key.0;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The slot that a path takes at a level below [`LEVELS`], highest bits first: the order of slots is that of paths.
pub(super) fn slot(path: u64, level: u32) -> u32 {
    let bits_left = u64::BITS - level * BITS_PER_LEVEL;
    let shifted = if bits_left < BITS_PER_LEVEL { path } else { path >> (bits_left - BITS_PER_LEVEL) };
    let mask = if bits_left < BITS_PER_LEVEL { (1 << bits_left) - 1 } else { u64::from(FANOUT - 1) };
    (shifted & mask) as u32
}

/// Seven bits a byte, lowest first; the high bit says that more follow.
fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// `None` also where a shorter form exists, so that a node has only one.
fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..u64::BITS).step_by(7) {
        let [byte] = take(bytes)?;
        let bits = u64::from(byte & 0x7f);
        if bits << shift >> shift != bits {
            return None;
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return (byte != 0 || shift == 0).then_some(number);
        }
    }
    None
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*head)
}

#[cfg(test)]
mod tests;
