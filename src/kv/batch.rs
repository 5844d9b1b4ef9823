//! A batch: what one atomic write puts, deletes and requires. It does nothing until an engine is given it.

use crate::{Family, KeyRange};

/// Changes that are applied together, in the order they were added, or not at all.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    operations: Vec<Operation>,
    requirements: Vec<Requirement>,
    bytes: usize,
}

/// One change of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Sets a key, whether or not it is present.
    Put {
        /// Where.
        family: Family,
        /// The key.
        key: Vec<u8>,
        /// Its new value.
        value: Vec<u8>,
    },
    /// Removes a key, whether or not it is present.
    Delete {
        /// Where.
        family: Family,
        /// The key.
        key: Vec<u8>,
    },
    /// Removes every key of a range.
    DeleteRange {
        /// Where.
        family: Family,
        /// The keys.
        range: KeyRange,
    },
}

/// What must hold, just before the batch is applied, for it to be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Where.
    pub family: Family,
    /// The key.
    pub key: Vec<u8>,
    /// The value it must have; `None`: it must be absent.
    pub expected: Option<Vec<u8>>,
}

impl Operation {
    /// The family that changes.
    pub fn family(&self) -> Family {
        match self {
            Operation::Put { family, .. }
            | Operation::Delete { family, .. }
            | Operation::DeleteRange { family, .. } => *family,
        }
    }
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a key.
    pub fn put(&mut self, family: Family, key: Vec<u8>, value: Vec<u8>) {
        self.bytes += key.len() + value.len();
        self.operations.push(Operation::Put { family, key, value });
    }

    /// Removes a key; that it may be absent is no error.
    pub fn delete(&mut self, family: Family, key: Vec<u8>) {
        self.bytes += key.len();
        self.operations.push(Operation::Delete { family, key });
    }

    /// Removes every key of a range. Costs the same for any number of keys, but slows later scans over the place.
    pub fn delete_range(&mut self, family: Family, range: KeyRange) {
        self.bytes += range.start.len() + range.end.as_ref().map_or(0, Vec::len);
        self.operations.push(Operation::DeleteRange { family, range });
    }

    /// Makes the whole batch depend on the value that `key` has before it (`None`: on its absence).
    pub fn require(&mut self, family: Family, key: Vec<u8>, expected: Option<Vec<u8>>) {
        self.bytes += key.len() + expected.as_ref().map_or(0, Vec::len);
        self.requirements.push(Requirement { family, key, expected });
    }

    /// Adds everything of `other` behind what is already here.
    pub fn append(&mut self, mut other: Self) {
        self.operations.append(&mut other.operations);
        self.requirements.append(&mut other.requirements);
        self.bytes += other.bytes;
    }

    /// The number of changes.
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// True if there is nothing to apply and nothing to require.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty() && self.requirements.is_empty()
    }

    /// The bytes of all keys and values.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The changes, in order.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The requirements.
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }

    /// Takes the batch apart, so that an engine need not copy it.
    pub fn into_parts(self) -> (Vec<Operation>, Vec<Requirement>) {
        (self.operations, self.requirements)
    }
}
