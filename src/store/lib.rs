//! Typed tables over the ordered bytes of `kith-kv`: the catalog of column families, interned ids, positions and
//! commits, the state tree, and what lives in memory beside them.
//!
//! This crate decides nothing: no rule of Matrix is here, no HTTP, no clock. Reads are synchronous and take any
//! [`kith_kv::Read`]; writes go through [`Txn`] and [`Store::commit`], the only road to the disk.

use std::{ops::Deref, sync::Arc};

pub use kith_kv::{Batch, Direction, Engine, Read};

pub mod catalog;
pub mod changes;
mod commit;
mod error;
pub mod ids;
pub mod key;
pub mod live;
pub mod record;
pub mod sids;
pub mod state;
pub mod table;
pub mod tables;

pub use changes::{Change, ChangeKind, Changes};
pub use commit::{Committed, Durability, Txn};
pub use error::Error;
pub use ids::Ids;
pub use live::Live;
pub use sids::{EventSid, Position, RoomSid, ServerSid, StateKeySid, UserSid};

use commit::Commits;

/// How a store is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// When a write counts as done.
    pub durability: Durability,
    /// How many bytes the caches above the engine may hold together.
    pub cache_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { durability: Durability::Fsync, cache_bytes: 64 << 20 }
    }
}

/// The store: one per data directory.
pub struct Store {
    engine: Arc<dyn Engine>,
    ids: Ids,
    commits: Commits,
    live: Live,
    state_cache: state::NodeCache,
}

/// One moment of the store: reads through it agree with each other.
pub struct View<'a>(Box<dyn Read + 'a>);

impl<'a> Deref for View<'a> {
    type Target = dyn Read + 'a;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl Store {
    /// Opens a store over an engine whose families are [`catalog::specs`].
    pub fn open(engine: Arc<dyn Engine>, options: Options) -> Result<Arc<Self>, Error> {
        Ok(Arc::new(Self {
            ids: Ids::open(Arc::clone(&engine), options.cache_bytes / 2)?,
            commits: Commits::open(Arc::clone(&engine), options.durability)?,
            live: Live::default(),
            state_cache: state::NodeCache::new(options.cache_bytes / 2),
            engine,
        }))
    }

    /// A snapshot to read from.
    pub fn read(&self) -> View<'_> {
        View(self.engine.snapshot())
    }

    /// The engine, for reads of the newest rows.
    pub fn engine(&self) -> &dyn Engine {
        &*self.engine
    }

    /// The interned ids.
    pub fn ids(&self) -> &Ids {
        &self.ids
    }

    /// What lives in memory.
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// The cache of state-tree nodes.
    pub fn state_cache(&self) -> &state::NodeCache {
        &self.state_cache
    }

    /// Begins a transaction. Allocate positions late: readers wait for those given out and not yet committed.
    pub fn begin(&self) -> Txn {
        self.commits.begin()
    }

    /// Writes a transaction atomically. It is acknowledged only by [`Committed::wait_durable`].
    pub fn commit(&self, txn: Txn) -> Result<Committed, Error> {
        self.commits.commit(txn)
    }

    /// Commits and waits until the disk has it: for verbs without a lane to release in between.
    pub fn commit_durably(&self, txn: Txn) -> Result<(), Error> {
        self.commit(txn)?.wait_durable()
    }

    /// Up to here, everything is committed and durable.
    pub fn visible(&self) -> Position {
        self.commits.changes().visible()
    }

    /// The ring of recent changes, and its wake-up.
    pub fn changes(&self) -> &Changes {
        self.commits.changes()
    }
}
