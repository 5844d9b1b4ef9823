//! How RocksDB is set up: one memory budget, a layout for each way of reading, compression by level.

use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, Cache, DBCompressionType, DBRecoveryMode, DataBlockIndexType,
    LogLevel, WriteBufferManager,
};

use crate::Access;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// Below this the engine cannot work well, so a smaller budget is raised to it.
const MEMORY_BUDGET_BYTES_MIN: usize = 16 * MIB;
/// The part of the budget that unflushed writes may take, as a divisor.
const WRITE_BUFFERS_DIVISOR: usize = 4;
/// A family's own write buffer: what is flushed into one file.
const WRITE_BUFFER_BYTES_MIN: usize = MIB;
const WRITE_BUFFER_BYTES_MAX: usize = 64 * MIB;
/// Every family that was ever written holds at least one of these, so it is small.
const ARENA_BLOCK_BYTES: usize = 64 * KIB;
/// A family that is seldom written is flushed when the log behind it has grown to this, so that logs can go.
const WAL_BYTES_MAX: u64 = 256 * MIB as u64;
/// The operating system writes new files back in steps of this, not in one burst at the end.
const WRITE_BACK_BYTES: u64 = MIB as u64;
const FILTER_BITS_PER_KEY: f64 = 10.0;
const METADATA_BLOCK_BYTES: usize = 4 * KIB;
/// A file in which so many of so many neighbouring entries are deletions is compacted soon.
const DELETION_WINDOW_ENTRIES: usize = 4096;
const DELETION_TRIGGER_ENTRIES: usize = 2048;
const DELETION_TRIGGER_RATIO: f64 = 0.5;
const DIAGNOSTIC_LOG_FILES_MAX: usize = 3;
const DIAGNOSTIC_LOG_BYTES_MAX: usize = 8 * MIB;

/// What the operator chooses.
#[derive(Clone, Debug)]
pub struct Options {
    /// Memory for cached blocks and unflushed writes together.
    pub memory_budget_bytes: usize,
    /// What `sync` waits for.
    pub durability: Durability,
    /// Threads that flush and compact.
    pub background_jobs_max: usize,
    /// Data files held open at once.
    pub open_files_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            memory_budget_bytes: 256 * MIB,
            durability: Durability::Synced,
            background_jobs_max: 4,
            open_files_max: 1024,
        }
    }
}

/// What a completed `sync` promises.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Durability {
    /// What was written survives a power cut.
    Synced,
    /// What was written survives a crash of the process; a power cut may take the last seconds.
    Relaxed,
}

/// What all families share.
pub(super) struct Shared {
    pub(super) cache: Cache,
    pub(super) write_buffers: WriteBufferManager,
    write_buffer_bytes: usize,
}

impl Shared {
    pub(super) fn new(options: &Options) -> Self {
        let budget = options.memory_budget_bytes.max(MEMORY_BUDGET_BYTES_MIN);
        let cache = Cache::new_hyper_clock_cache(budget, 0);
        // Unflushed writes are charged to the cache, so the two together stay within the one budget. Writers are
        // not stalled at the limit: it starts flushes earlier instead.
        let write_buffers = WriteBufferManager::new_write_buffer_manager_with_cache(
            budget / WRITE_BUFFERS_DIVISOR,
            false,
            cache.clone(),
        );
        let write_buffer_bytes =
            (budget / WRITE_BUFFERS_DIVISOR / 4).clamp(WRITE_BUFFER_BYTES_MIN, WRITE_BUFFER_BYTES_MAX);
        Self { cache, write_buffers, write_buffer_bytes }
    }

    /// The settings of the database as a whole.
    pub(super) fn database(&self, options: &Options) -> rocksdb::Options {
        let mut database = rocksdb::Options::default();
        database.create_if_missing(true);
        database.set_write_buffer_manager(&self.write_buffers);
        database.set_max_total_wal_size(WAL_BYTES_MAX);
        // A torn tail is what a power cut leaves: everything before it is kept, and nothing after a gap.
        database.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
        database.set_paranoid_checks(true);
        database.set_bytes_per_sync(WRITE_BACK_BYTES);
        if options.durability == Durability::Relaxed {
            database.set_wal_bytes_per_sync(WRITE_BACK_BYTES);
        }
        database.set_max_background_jobs(clamped(options.background_jobs_max.max(2)));
        database.set_max_open_files(clamped(options.open_files_max.max(64)));
        database.set_log_level(LogLevel::Warn);
        database.set_keep_log_file_num(DIAGNOSTIC_LOG_FILES_MAX);
        database.set_max_log_file_size(DIAGNOSTIC_LOG_BYTES_MAX);
        database.set_stats_dump_period_sec(0);
        database.set_stats_persist_period_sec(0);
        database
    }

    /// The settings of one family.
    pub(super) fn family(&self, access: Access) -> rocksdb::Options {
        let mut family = rocksdb::Options::default();
        family.set_write_buffer_size(self.write_buffer_bytes);
        family.set_arena_block_size(ARENA_BLOCK_BYTES);
        family.set_compression_type(DBCompressionType::Lz4);
        family.set_bottommost_compression_type(DBCompressionType::Zstd);
        family.set_level_compaction_dynamic_level_bytes(true);
        if access == Access::Range {
            // Queues are written at one end and deleted at the other; without this every scan wades through what was.
            family.add_compact_on_deletion_collector_factory(
                DELETION_WINDOW_ENTRIES,
                DELETION_TRIGGER_ENTRIES,
                DELETION_TRIGGER_RATIO,
            );
        }
        family.set_block_based_table_factory(&self.table(access));
        family
    }

    fn table(&self, access: Access) -> BlockBasedOptions {
        let mut table = BlockBasedOptions::default();
        table.set_block_cache(&self.cache);
        // Indexes and filters are in the cache too, in small parts, so that they count within the budget.
        table.set_cache_index_and_filter_blocks(true);
        table.set_cache_index_and_filter_blocks_with_high_priority(true);
        table.set_index_type(BlockBasedIndexType::TwoLevelIndexSearch);
        table.set_partition_filters(true);
        table.set_metadata_block_size(METADATA_BLOCK_BYTES);
        table.set_pin_top_level_index_and_filter(true);
        table.set_pin_l0_filter_and_index_blocks_in_cache(true);
        match access {
            Access::Point => {
                table.set_block_size(4 * KIB);
                table.set_data_block_index_type(DataBlockIndexType::BinaryAndHash);
                // A ribbon is a third smaller than a bloom filter and slower to build: the newest level keeps bloom.
                table.set_hybrid_ribbon_filter(FILTER_BITS_PER_KEY, 1);
                table.set_optimize_filters_for_memory(true);
            }
            Access::Range => table.set_block_size(16 * KIB),
            Access::Blob => {
                table.set_block_size(32 * KIB);
                table.set_hybrid_ribbon_filter(FILTER_BITS_PER_KEY, 1);
            }
        }
        table
    }
}

fn clamped(value: usize) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}
