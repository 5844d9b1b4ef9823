//! What an engine is: families of ordered keys, reads, snapshots, atomic batches.
//!
//! All calls block; whoever must not block runs them on the blocking pool. Nothing here knows what a key means.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::Batch;

/// One family of keys, as its owner declares it. Names are forever: a retired one is never used again.
#[derive(Clone, Copy, Debug)]
pub struct FamilySpec {
    /// The family's name on disk.
    pub name: &'static str,
    /// How it is mostly read, from which an engine picks its layout.
    pub access: Access,
}

/// How a family is mostly read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Single keys, many of which are absent: a filter answers those without touching the disk.
    Point,
    /// Ranges of neighbouring keys.
    Range,
    /// Single keys with large values, which compress well together.
    Blob,
}

/// A family as an index into the specs given at open.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Family(pub u16);

/// The order of a scan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// Ascending keys.
    Forward,
    /// Descending keys.
    Backward,
}

/// A key and its value.
pub type Pair = (Vec<u8>, Vec<u8>);

/// Keys from `start` (inclusive) to `end` (exclusive; `None` is the end of the family), in byte order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyRange {
    /// The first key that is in.
    pub start: Vec<u8>,
    /// The first key that is out.
    pub end: Option<Vec<u8>>,
}

impl KeyRange {
    /// From `start` (inclusive) to `end` (exclusive). Where `end <= start` the range is empty.
    pub fn new(start: Vec<u8>, end: Vec<u8>) -> Self {
        Self { start, end: Some(end) }
    }

    /// Every key of the family.
    pub fn all() -> Self {
        Self { start: Vec::new(), end: None }
    }

    /// Every key that begins with `prefix`.
    pub fn prefix(prefix: &[u8]) -> Self {
        // The end is the prefix with its last byte raised; bytes that cannot be raised (0xff) fall away first.
        let raisable = prefix.iter().rposition(|&byte| byte != u8::MAX);
        let end = raisable.map(|last| {
            let mut end = prefix[..=last].to_vec();
            end[last] += 1;
            end
        });
        Self { start: prefix.to_vec(), end }
    }

    /// True if no key can lie in the range.
    pub fn is_empty(&self) -> bool {
        self.end.as_ref().is_some_and(|end| *end <= self.start)
    }

    /// True if `key` lies in the range.
    pub fn contains(&self, key: &[u8]) -> bool {
        self.start.as_slice() <= key && self.end.as_ref().is_none_or(|end| key < end.as_slice())
    }
}

/// Reading, either of the live data or of a snapshot.
pub trait Read: Send + Sync {
    /// The value of a key.
    fn get(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;

    /// The values of many keys, in the order of the keys; cheaper than as many `get`s.
    fn get_many(&self, family: Family, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, Error>;

    /// The pairs of a range, one at a time, as they were when the scan began.
    fn scan<'a>(
        &'a self,
        family: Family,
        range: KeyRange,
        direction: Direction,
    ) -> Box<dyn Iterator<Item = Result<Pair, Error>> + 'a>;
}

/// A storage engine. Its own `Read` sees every completed write at once.
pub trait Engine: Read {
    /// A consistent view of this moment; later writes are not seen through it.
    fn snapshot(&self) -> Box<dyn Read + '_>;

    /// Applies the whole batch or nothing of it. `Error::Conflict` if one of its requirements does not hold.
    /// The write survives a crash of the process, but a crash of the machine only after `sync`.
    fn write(&self, batch: Batch) -> Result<(), Error>;

    /// Everything written before the call is durable when it returns.
    fn sync(&self) -> Result<(), Error>;

    /// Puts a consistent copy of all data into `path`, which must not exist yet and can be opened like the original.
    fn checkpoint(&self, path: &Path) -> Result<(), Error>;

    /// Moves what is buffered in memory into the engine's long-term files.
    fn flush(&self) -> Result<(), Error>;

    /// Gauges for the operator: name (with its unit) and value.
    fn figures(&self) -> Vec<(&'static str, u64)>;
}

/// Why an engine could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A requirement of the batch does not hold; nothing was written.
    #[error("a precondition of the write does not hold")]
    Conflict,
    /// A family index that was not among the specs given at open.
    #[error("family {} is not among those the engine was opened with", .0.0)]
    UnknownFamily(Family),
    /// Another process has the data directory open.
    #[error("the data directory {} is in use by another process", .0.display())]
    Locked(PathBuf),
    /// A newer Kith wrote the data directory.
    #[error(
        "the data directory {} was written by a newer version (format {found}, this version knows up to {known})",
        path.display()
    )]
    Newer {
        /// The data directory.
        path: PathBuf,
        /// The format found in it.
        found: u32,
        /// The newest format this version can read.
        known: u32,
    },
    /// The settings or files of the data directory do not suit this version of the engine.
    #[error("the data directory cannot be opened by this version of the storage engine: {0}")]
    Incompatible(String),
    /// Stored data is damaged.
    #[error("stored data is corrupt: {0}")]
    Corrupt(String),
    /// The engine cannot do this at all.
    #[error("the storage engine does not support {0}")]
    Unsupported(&'static str),
    /// The disk or the engine failed.
    #[error("storage failed: {0}")]
    Io(String),
}

impl fmt::Display for Family {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}
