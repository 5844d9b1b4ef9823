//! The engine on disk: RocksDB. This module and its children are the only code that names the crate.
//!
//! One write-ahead log is shared by all families, so a batch that touches several is atomic. `write` hands the log
//! to the operating system; `sync` makes it durable, once for everyone who wrote before it.

mod open;
mod read;
mod settings;

use std::path::{Path, PathBuf};

use parking_lot::RwLock;
use rocksdb::checkpoint::Checkpoint;
use rocksdb::{Cache, IteratorMode, WriteBatch, WriteBufferManager, WriteOptions, properties};

pub use self::open::open;
pub use self::settings::{Durability, Options};
use crate::{Batch, Direction, Engine, Error, Family, KeyRange, Operation, Pair, Read, Requirement};

/// Families are only created while the database is being opened, so the map of handles needs no lock.
type Db = rocksdb::DBWithThreadMode<rocksdb::SingleThreaded>;

/// A RocksDB database.
pub struct RocksEngine {
    db: Db,
    path: PathBuf,
    /// The names of the families, by `Family`. A handle borrows from the database, so it cannot be kept beside it;
    /// it is found by name in the database's own small map, without a lock, which is little against a read.
    names: Vec<&'static str>,
    /// Batches without requirements share it; one with requirements has it alone while it checks and writes.
    gate: RwLock<()>,
    write_options: WriteOptions,
    durability: Durability,
    cache: Cache,
    write_buffers: WriteBufferManager,
}

impl Read for RocksEngine {
    fn get(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        read::get(self, None, family, key)
    }

    fn get_many(&self, family: Family, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        read::get_many(self, None, family, keys)
    }

    fn scan<'a>(
        &'a self,
        family: Family,
        range: KeyRange,
        direction: Direction,
    ) -> Box<dyn Iterator<Item = Result<Pair, Error>> + 'a> {
        read::scan(self, None, family, range, direction)
    }
}

impl Engine for RocksEngine {
    fn snapshot(&self) -> Box<dyn Read + '_> {
        Box::new(read::RocksSnapshot::new(self))
    }

    fn write(&self, batch: Batch) -> Result<(), Error> {
        let (operations, requirements) = batch.into_parts();
        // A range without an end needs to know the last key, so nobody may add one meanwhile.
        let alone = !requirements.is_empty() || operations.iter().any(clears_to_the_end);
        if alone {
            let _gate = self.gate.write();
            self.check(&requirements)?;
            self.apply(&operations)
        } else {
            let _gate = self.gate.read();
            self.apply(&operations)
        }
    }

    fn sync(&self) -> Result<(), Error> {
        match self.durability {
            Durability::Synced => self.db.flush_wal(true).map_err(open::error),
            Durability::Relaxed => Ok(()),
        }
    }

    fn checkpoint(&self, path: &Path) -> Result<(), Error> {
        let checkpoint = Checkpoint::new(&self.db).map_err(open::error)?;
        checkpoint.create_checkpoint(path).map_err(open::error)
    }

    fn flush(&self) -> Result<(), Error> {
        for name in &self.names {
            if let Some(handle) = self.db.cf_handle(name) {
                self.db.flush_cf(handle).map_err(open::error)?;
            }
        }
        Ok(())
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        let total = |property| self.sum(property);
        let one = |property| self.db.property_int_value(property).ok().flatten().unwrap_or(0);
        vec![
            ("block_cache_bytes", self.cache.get_usage() as u64),
            ("block_cache_pinned_bytes", self.cache.get_pinned_usage() as u64),
            ("write_buffers_bytes", self.write_buffers.get_usage() as u64),
            ("memtables_bytes", total(properties::CUR_SIZE_ALL_MEM_TABLES)),
            ("table_readers_bytes", total(properties::ESTIMATE_TABLE_READERS_MEM)),
            ("sst_files_bytes", total(properties::TOTAL_SST_FILES_SIZE)),
            ("live_data_bytes_estimated", total(properties::ESTIMATE_LIVE_DATA_SIZE)),
            ("pending_compaction_bytes", total(properties::ESTIMATE_PENDING_COMPACTION_BYTES)),
            ("keys_estimated", total(properties::ESTIMATE_NUM_KEYS)),
            ("running_flushes", one(properties::NUM_RUNNING_FLUSHES)),
            ("running_compactions", one(properties::NUM_RUNNING_COMPACTIONS)),
            ("snapshots", one(properties::NUM_SNAPSHOTS)),
            ("delayed_write_rate_bytes_per_second", one(properties::ACTUAL_DELAYED_WRITE_RATE)),
            ("write_stopped", one(properties::IS_WRITE_STOPPED)),
            ("background_errors", one(properties::BACKGROUND_ERRORS)),
        ]
    }
}

impl RocksEngine {
    /// The directory the data lives in.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn handle(&self, family: Family) -> Result<&rocksdb::ColumnFamily, Error> {
        let name = self.names.get(usize::from(family.0)).ok_or(Error::UnknownFamily(family))?;
        self.db.cf_handle(name).ok_or(Error::UnknownFamily(family))
    }

    /// The caller has the gate alone.
    fn check(&self, requirements: &[Requirement]) -> Result<(), Error> {
        for Requirement { family, key, expected } in requirements {
            let found = self.db.get_pinned_cf(self.handle(*family)?, key).map_err(open::error)?;
            if found.as_deref() != expected.as_deref() {
                return Err(Error::Conflict);
            }
        }
        Ok(())
    }

    fn apply(&self, operations: &[Operation]) -> Result<(), Error> {
        if operations.is_empty() {
            return Ok(());
        }
        let mut batch = WriteBatch::default();
        for operation in operations {
            let handle = self.handle(operation.family())?;
            match operation {
                Operation::Put { key, value, .. } => batch.put_cf(handle, key, value),
                Operation::Delete { key, .. } => batch.delete_cf(handle, key),
                Operation::DeleteRange { range, .. } if range.is_empty() => {}
                Operation::DeleteRange { range: KeyRange { start, end: Some(end) }, .. } => {
                    batch.delete_range_cf(handle, start, end);
                }
                Operation::DeleteRange { family, range: KeyRange { start, end: None } } => {
                    let end = self.past_the_end(*family, operations)?;
                    if *start < end {
                        batch.delete_range_cf(handle, start, &end);
                    }
                }
            }
        }
        self.db.write_opt(batch, &self.write_options).map_err(open::error)
    }

    /// A key above every key that the family has, or that `operations` put into it. The caller has the gate alone.
    fn past_the_end(&self, family: Family, operations: &[Operation]) -> Result<Vec<u8>, Error> {
        let mut last = Vec::new();
        if let Some(pair) = self.db.iterator_cf(self.handle(family)?, IteratorMode::End).next() {
            last = pair.map_err(open::error)?.0.into_vec();
        }
        for operation in operations {
            if let Operation::Put { family: other, key, .. } = operation
                && *other == family
                && *key > last
            {
                last.clone_from(key);
            }
        }
        last.push(0);
        Ok(last)
    }

    /// A property, summed over the families.
    fn sum(&self, property: &rocksdb::properties::PropName) -> u64 {
        let handles = self.names.iter().filter_map(|name| self.db.cf_handle(name));
        handles.filter_map(|handle| self.db.property_int_value_cf(handle, property).ok().flatten()).sum()
    }
}

impl Drop for RocksEngine {
    fn drop(&mut self) {
        // Whoever needs durability has synced and seen its error; this only narrows what a power cut would take.
        let _ = self.sync();
        self.db.cancel_all_background_work(true);
    }
}

fn clears_to_the_end(operation: &Operation) -> bool {
    matches!(operation, Operation::DeleteRange { range: KeyRange { end: None, .. }, .. })
}

#[cfg(test)]
mod tests;
