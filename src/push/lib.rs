//! Push rules, what they say of an event, and the unread counts that follow.
//!
//! Counts are made when somebody reads them (fan-out on read): a message writes nothing for the thousands who have
//! not read it. See [`counts`].
//!
//! Deliberately absent: HTTP, and sending anything to a push gateway.

mod context;
pub mod counts;
mod evaluate;
mod notifications;
mod rules;
mod thread_rules;

use std::sync::Arc;

use kith_rooms::Rooms;
use kith_store::Store;

pub use counts::{Counts, Unread};
pub use notifications::{NotificationPage, Notified};
pub use rules::RuleError;

/// Push rules and unread counts of one server.
pub struct Push {
    store: Arc<Store>,
    rooms: Arc<Rooms>,
    rulesets: rules::Rulesets,
    flattened: evaluate::FlattenedCache,
    counted: counts::CountCache,
}

impl Push {
    /// The service over a store.
    pub fn new(store: Arc<Store>, rooms: Arc<Rooms>) -> Arc<Self> {
        Arc::new(Self {
            store,
            rooms,
            rulesets: rules::Rulesets::new(),
            flattened: evaluate::FlattenedCache::new(evaluate::FLATTENED_EVENTS_MAX),
            counted: counts::CountCache::new(counts::COUNTED_ROOMS_MAX),
        })
    }
}
