//! `/sync`: what a client has missed, put together from the store, and the waiting for more.
//!
//! `long_poll.rs` is the verb; `assemble.rs` makes one answer at one moment of the store; `selection.rs` finds the
//! rooms it speaks of; every section of the answer is a file in `streams/` with the same two verbs, complete and
//! incremental. `sliding.rs` answers sliding sync from the same sections. `notifier.rs` wakes those who wait.
//!
//! The cost of an incremental answer follows what changed: while the ring of recent changes reaches back to the
//! client's token, no list of joined rooms is walked.
//!
//! Deliberately absent: HTTP, any writing, and every rule about rooms, which `kith-rooms` knows.
//! <https://spec.matrix.org/v1.19/client-server-api/#syncing>

use std::sync::Arc;

use kith_base::{Clock, Tasks};
use kith_config::Config;
use kith_rooms::Rooms;
use kith_store::{Position, Store};

mod assemble;
mod changed;
mod event_form;
mod filter;
mod history;
mod key_changes;
mod long_poll;
mod moment;
mod notifier;
mod plain_state;
mod request;
mod response;
mod selection;
mod sent_members;
mod sharing;
mod sliding;
mod streams;
#[cfg(test)]
mod tests;
mod token;
mod wholeness;

pub use filter::{BadFilter, SyncFilter};
pub use request::{StateAfter, SyncError, SyncRequest};
pub use response::{
    DeviceLists, Events, InvitedRoom, JoinedRoom, KnockedRoom, LeftRoom, Response, Rooms as RoomSections,
    Summary, Timeline, UnreadNotifications,
};
pub use sliding::{
    SlidingError,
    request::{Asked as SlidingAsked, SlidingRequest},
    response::SlidingResponse,
};
pub use streams::{
    keys::{KeyCounts, key_counts},
    thread_subscriptions::{Subscribed, SubscriptionsPage, ThreadSubscriptions, Unsubscribed},
    to_device::{TO_DEVICE_EVENTS_MAX, ToDevice, to_device},
    unread::{Counts, PushRules, Unread},
};
pub use token::{Since, parse_since};

use notifier::Notifier;
use plain_state::PlainStates;
use sent_members::SentMembers;

/// `/sync`: one per server.
pub struct Sync {
    store: Arc<Store>,
    rooms: Arc<Rooms>,
    config: Arc<Config>,
    clock: Clock,
    tasks: Tasks,
    push_rules: Arc<dyn PushRules>,
    notifier: Arc<Notifier>,
    sent_members: SentMembers,
    plain_states: PlainStates,
    sliding: sliding::Sliding,
    /// Where the stream stood when the process started: typing notices from before are gone.
    started: Position,
}

/// What [`Sync::new`] is made of.
pub struct Parts {
    /// The store.
    pub store: Arc<Store>,
    /// The room domain.
    pub rooms: Arc<Rooms>,
    /// What the operator chose.
    pub config: Arc<Config>,
    /// Time.
    pub clock: Clock,
    /// Background tasks, the blocking pool, shutdown.
    pub tasks: Tasks,
    /// Who knows the users' push rules.
    pub push_rules: Arc<dyn PushRules>,
}

impl Sync {
    /// The service over its parts. Nobody is woken before [`Self::start`].
    pub fn new(parts: Parts) -> Arc<Self> {
        let rooms = Arc::clone(&parts.rooms);
        let local_joined = Box::new(move |room| rooms.local_joined(room));
        Arc::new(Self {
            notifier: Arc::new(Notifier::new(Arc::clone(&parts.store), local_joined)),
            started: parts.store.visible(),
            store: parts.store,
            rooms: parts.rooms,
            config: parts.config,
            clock: parts.clock,
            tasks: parts.tasks,
            push_rules: parts.push_rules,
            sent_members: SentMembers::default(),
            plain_states: PlainStates::default(),
            sliding: sliding::Sliding::default(),
        })
    }

    /// Starts waking those who wait.
    pub fn start(self: &Arc<Self>) {
        self.tasks.spawn("sync notifier", Arc::clone(&self.notifier).run(self.tasks.clone()));
    }
}
