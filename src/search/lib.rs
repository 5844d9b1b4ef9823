//! Finding people: the user directory.
//!
//! The index is in memory, made from the tables at the first search and kept fresh from the ring of changes, so it
//! can neither be stale nor be lost. Names are compared without regard to case and found by any part of them, so
//! languages without spaces work like all others.
//!
//! Deliberately absent: HTTP, and users of other servers whom nobody here shares a room with.

mod directory;

use std::sync::Arc;

use kith_rooms::Rooms;
use kith_store::Store;

pub use directory::{Found, SearchResult};

/// The search service of one server.
pub struct Search {
    store: Arc<Store>,
    rooms: Arc<Rooms>,
    directory: directory::Directory,
}

impl Search {
    /// The service over a store.
    pub fn new(store: Arc<Store>, rooms: Arc<Rooms>) -> Arc<Self> {
        Arc::new(Self { store, rooms, directory: directory::Directory::default() })
    }
}
