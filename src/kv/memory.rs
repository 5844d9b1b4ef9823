//! The engine in memory: for tests and simulations; nothing of it survives the process.
//!
//! Every family is one ordered map from key to its versions. A snapshot is a sequence number that is pinned:
//! taking one costs nothing, and versions are dropped as soon as no pin can see them.

mod versions;

use std::path::Path;

use parking_lot::RwLock;

use self::versions::Versions;
use crate::{Batch, Direction, Engine, Error, Family, FamilySpec, KeyRange, Operation, Pair, Read};

/// Pairs that a scan copies under one hold of the lock.
const SCAN_CHUNK_PAIRS: usize = 64;

/// An engine whose data lives and dies with it.
pub struct MemoryEngine {
    versions: RwLock<Versions>,
}

impl MemoryEngine {
    /// An empty engine with these families.
    pub fn new(specs: &[FamilySpec]) -> Self {
        Self { versions: RwLock::new(Versions::new(specs.len())) }
    }

    /// Another engine with everything that has been written so far: what a disk would hold if the power failed now.
    pub fn fork(&self) -> Self {
        Self { versions: RwLock::new(self.versions.read().newest()) }
    }

    fn pin(&self) -> MemorySnapshot<'_> {
        MemorySnapshot { engine: self, sequence: self.versions.write().pin() }
    }
}

impl Read for MemoryEngine {
    fn get(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let versions = self.versions.read();
        Ok(versions.get(family, key, versions.sequence())?.cloned())
    }

    fn get_many(&self, family: Family, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        let versions = self.versions.read();
        versions.get_many(family, keys, versions.sequence())
    }

    fn scan<'a>(
        &'a self,
        family: Family,
        range: KeyRange,
        direction: Direction,
    ) -> Box<dyn Iterator<Item = Result<Pair, Error>> + 'a> {
        // The scan owns its snapshot: writes made while it runs do not show in it.
        Box::new(Scan::new(Pinned::Owned(self.pin()), family, range, direction))
    }
}

impl Engine for MemoryEngine {
    fn snapshot(&self) -> Box<dyn Read + '_> {
        Box::new(self.pin())
    }

    fn write(&self, batch: Batch) -> Result<(), Error> {
        let (operations, requirements) = batch.into_parts();
        let mut versions = self.versions.write();
        let before = versions.sequence();
        for requirement in &requirements {
            if versions.get(requirement.family, &requirement.key, before)? != requirement.expected.as_ref() {
                return Err(Error::Conflict);
            }
        }
        for operation in &operations {
            versions.check_family(operation.family())?;
        }
        versions.begin();
        for operation in operations {
            match operation {
                Operation::Put { family, key, value } => versions.set(family, key, Some(value)),
                Operation::Delete { family, key } => versions.set(family, key, None),
                Operation::DeleteRange { family, range } => versions.clear(family, &range),
            }
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), Error> {
        // What lives in memory is as durable as it will ever be.
        Ok(())
    }

    fn checkpoint(&self, _path: &Path) -> Result<(), Error> {
        Err(Error::Unsupported("checkpoints of data in memory"))
    }

    fn flush(&self) -> Result<(), Error> {
        Ok(())
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        let versions = self.versions.read();
        vec![
            ("keys_estimated", versions.keys() as u64),
            ("snapshots", versions.pins() as u64),
            ("versions_kept_for_snapshots", versions.superseded() as u64),
        ]
    }
}

/// The data as of one sequence number.
struct MemorySnapshot<'a> {
    engine: &'a MemoryEngine,
    sequence: u64,
}

impl Drop for MemorySnapshot<'_> {
    fn drop(&mut self) {
        self.engine.versions.write().unpin(self.sequence);
    }
}

impl Read for MemorySnapshot<'_> {
    fn get(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.engine.versions.read().get(family, key, self.sequence)?.cloned())
    }

    fn get_many(&self, family: Family, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        self.engine.versions.read().get_many(family, keys, self.sequence)
    }

    fn scan<'a>(
        &'a self,
        family: Family,
        range: KeyRange,
        direction: Direction,
    ) -> Box<dyn Iterator<Item = Result<Pair, Error>> + 'a> {
        Box::new(Scan::new(Pinned::Borrowed(self), family, range, direction))
    }
}

enum Pinned<'a> {
    Owned(MemorySnapshot<'a>),
    Borrowed(&'a MemorySnapshot<'a>),
}

impl Pinned<'_> {
    fn get(&self) -> &MemorySnapshot<'_> {
        match self {
            Pinned::Owned(snapshot) => snapshot,
            Pinned::Borrowed(snapshot) => snapshot,
        }
    }
}

/// A scan that copies a chunk at a time, so that it never holds the lock between two items.
struct Scan<'a> {
    pinned: Pinned<'a>,
    family: Family,
    /// What is not yet copied.
    rest: KeyRange,
    direction: Direction,
    chunk: std::vec::IntoIter<Pair>,
    done: bool,
}

impl<'a> Scan<'a> {
    fn new(pinned: Pinned<'a>, family: Family, range: KeyRange, direction: Direction) -> Self {
        let done = range.is_empty();
        Self { pinned, family, rest: range, direction, chunk: Vec::new().into_iter(), done }
    }

    fn refill(&mut self) -> Result<(), Error> {
        let snapshot = self.pinned.get();
        let versions = snapshot.engine.versions.read();
        let chunk =
            versions.chunk(self.family, &self.rest, self.direction, snapshot.sequence, SCAN_CHUNK_PAIRS)?;
        match chunk.last() {
            Some((last, _)) if chunk.len() == SCAN_CHUNK_PAIRS => match self.direction {
                Direction::Forward => {
                    // The smallest key above the last one.
                    self.rest.start.clone_from(last);
                    self.rest.start.push(0);
                }
                Direction::Backward => self.rest.end = Some(last.clone()),
            },
            _ => self.done = true,
        }
        self.chunk = chunk.into_iter();
        Ok(())
    }
}

impl Iterator for Scan<'_> {
    type Item = Result<Pair, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(pair) = self.chunk.next() {
            return Some(Ok(pair));
        }
        if self.done || self.rest.is_empty() {
            return None;
        }
        if let Err(error) = self.refill() {
            self.done = true;
            return Some(Err(error));
        }
        self.chunk.next().map(Ok)
    }
}

#[cfg(test)]
mod tests;
