//! Reading from RocksDB: the same three verbs for the live data and for a snapshot.

use rocksdb::{IteratorMode, ReadOptions, SnapshotWithThreadMode};

use super::{Db, RocksEngine, open};
use crate::{Direction, Error, Family, KeyRange, Pair, Read};

type DbSnapshot<'a> = SnapshotWithThreadMode<'a, Db>;

/// The data as of one moment.
pub(super) struct RocksSnapshot<'a> {
    engine: &'a RocksEngine,
    snapshot: DbSnapshot<'a>,
}

impl<'a> RocksSnapshot<'a> {
    pub(super) fn new(engine: &'a RocksEngine) -> Self {
        Self { engine, snapshot: engine.db.snapshot() }
    }
}

impl Read for RocksSnapshot<'_> {
    fn get(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        get(self.engine, Some(&self.snapshot), family, key)
    }

    fn get_many(&self, family: Family, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        get_many(self.engine, Some(&self.snapshot), family, keys)
    }

    fn scan<'a>(
        &'a self,
        family: Family,
        range: KeyRange,
        direction: Direction,
    ) -> Box<dyn Iterator<Item = Result<Pair, Error>> + 'a> {
        scan(self.engine, Some(&self.snapshot), family, range, direction)
    }
}

pub(super) fn get(
    engine: &RocksEngine,
    at: Option<&DbSnapshot<'_>>,
    family: Family,
    key: &[u8],
) -> Result<Option<Vec<u8>>, Error> {
    engine.db.get_cf_opt(engine.handle(family)?, key, &read_options(at)).map_err(open::error)
}

pub(super) fn get_many(
    engine: &RocksEngine,
    at: Option<&DbSnapshot<'_>>,
    family: Family,
    keys: &[Vec<u8>],
) -> Result<Vec<Option<Vec<u8>>>, Error> {
    let handle = engine.handle(family)?;
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let found = engine.db.batched_multi_get_cf_opt(handle, keys, keys.is_sorted(), &read_options(at));
    found.into_iter().map(|value| Ok(value.map_err(open::error)?.map(|pinned| pinned.to_vec()))).collect()
}

pub(super) fn scan<'a>(
    engine: &'a RocksEngine,
    at: Option<&DbSnapshot<'a>>,
    family: Family,
    range: KeyRange,
    direction: Direction,
) -> Box<dyn Iterator<Item = Result<Pair, Error>> + 'a> {
    let handle = match engine.handle(family) {
        Ok(handle) => handle,
        Err(error) => return Box::new(std::iter::once(Err(error))),
    };
    if range.is_empty() {
        return Box::new(std::iter::empty());
    }
    let mut options = read_options(at);
    if !range.start.is_empty() {
        options.set_iterate_lower_bound(range.start);
    }
    if let Some(end) = range.end {
        options.set_iterate_upper_bound(end);
    }
    // The bounds do the rest: the first and last keys are those within them.
    let mode = match direction {
        Direction::Forward => IteratorMode::Start,
        Direction::Backward => IteratorMode::End,
    };
    let pairs = engine.db.iterator_cf_opt(handle, options, mode);
    Box::new(pairs.map(|pair| {
        let (key, value) = pair.map_err(open::error)?;
        Ok((key.into_vec(), value.into_vec()))
    }))
}

fn read_options(at: Option<&DbSnapshot<'_>>) -> ReadOptions {
    let mut options = ReadOptions::default();
    if let Some(snapshot) = at {
        options.set_snapshot(snapshot);
    }
    options
}
