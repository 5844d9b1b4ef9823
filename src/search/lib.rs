//! Finding messages and people: the index of messages and the user directory.
//!
//! Both follow what happens from cursors of their own ([`follow`]): the index of messages lives in files beside the
//! storage engine and carries its cursor in each of its commits; the user directory is rows of the store. Either can be
//! lost and is then made again from the tables.
//!
//! Deliberately absent: HTTP, and what is encrypted from end to end.

mod directory;
pub mod events;
mod follow;
mod highlights;
mod index;
mod query;
mod text;
mod token;
mod words;

use std::{path::PathBuf, sync::Arc};

use kith_base::{Clock, Tasks};
use kith_config::Config;
use kith_rooms::Rooms;
use kith_store::{Position, Store, tables::search::Pending};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

pub use directory::{FoundUser, UserResults};
pub use index::IndexError;

/// The search service of one server.
pub struct Search {
    store: Arc<Store>,
    rooms: Arc<Rooms>,
    config: Arc<Config>,
    clock: Clock,
    tasks: Tasks,
    /// The index of messages, unless the operator wants none.
    index: Option<index::Index>,
    following: Mutex<follow::Following>,
    /// Messages are found up to here, and people are.
    followed: watch::Sender<Position>,
    listed: watch::Sender<Position>,
    /// Somebody waits for what has just happened.
    wanted: Notify,
}

/// What [`Search::open`] is made of.
pub struct Parts {
    /// The store.
    pub store: Arc<Store>,
    /// The rooms.
    pub rooms: Arc<Rooms>,
    /// What the operator chose.
    pub config: Arc<Config>,
    /// Time.
    pub clock: Clock,
    /// The blocking pool, and the task that follows.
    pub tasks: Tasks,
    /// Where the index of messages lives.
    pub directory: PathBuf,
}

impl Search {
    /// The service over its parts. An index that cannot be read is thrown away and made again.
    pub fn open(parts: Parts) -> Result<Arc<Self>, IndexError> {
        let visible = parts.store.visible();
        let (index, progress) = if parts.config.search.enabled {
            let (index, progress) = index::Index::open(&parts.directory, visible)?;
            (Some(index), progress)
        } else {
            index::delete(&parts.directory)?;
            (None, index::Progress::fresh(visible))
        };
        Ok(Arc::new(Self {
            following: Mutex::new(follow::Following::new(progress)),
            followed: watch::Sender::new(Position::START),
            listed: watch::Sender::new(Position::START),
            wanted: Notify::new(),
            store: parts.store,
            rooms: parts.rooms,
            config: parts.config,
            clock: parts.clock,
            tasks: parts.tasks,
            index,
        }))
    }

    /// Follows what happens until the server stops.
    pub fn start(self: &Arc<Self>) {
        let search = Arc::clone(self);
        self.tasks.spawn("search", async move { search.run().await });
    }
}

/// Has the index of messages and the user directory made anew by the server that runs on this store, or by the next
/// one that does.
pub fn order_rebuild(store: &Store) -> Result<(), kith_store::Error> {
    let mut txn = store.begin();
    Pending::Everything.note(&mut txn.batch);
    store.commit_durably(txn)
}
