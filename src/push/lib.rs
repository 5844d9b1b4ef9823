//! Push rules, what they say of an event, the unread counts that follow, and telling users by pushers.
//!
//! Counts are made when somebody reads them (fan-out on read): a message writes nothing for the thousands who have
//! not read it. See [`counts`]. Pushers read on from what was committed, behind everybody else. See `delivery`.
//!
//! Deliberately absent: HTTP of our own API, and the phones behind push gateways.

mod context;
pub mod counts;
mod delivery;
mod evaluate;
mod mails;
mod notifications;
mod pushers;
mod rules;
mod thread_rules;

use std::sync::Arc;

use kith_accounts::Accounts;
use kith_base::{Clock, Mailer, Outgoing, Random, Tasks};
use kith_config::Config;
use kith_rooms::Rooms;
use kith_store::Store;

pub use counts::{Counts, Unread};
pub use mails::{MailTemplateError, Mails};
pub use notifications::{NotificationPage, Notified};
pub use pushers::{NewPusher, Pusher, PusherError};
pub use rules::{RuleError, named};

/// What [`Push`] is made of.
pub struct Parts {
    /// The store.
    pub store: Arc<Store>,
    /// The accounts of this server's users.
    pub accounts: Arc<Accounts>,
    /// The room domain.
    pub rooms: Arc<Rooms>,
    /// What the operator chose.
    pub config: Arc<Config>,
    /// Time.
    pub clock: Clock,
    /// Chance.
    pub random: Random,
    /// The blocking pool, and tasks that run beside requests.
    pub tasks: Tasks,
    /// Requests to push gateways.
    pub outgoing: Outgoing,
    /// Sends mails, if this server does, and what they say.
    pub mailer: Option<(Mailer, Mails)>,
}

/// Push rules, unread counts and pushers of one server.
pub struct Push {
    store: Arc<Store>,
    accounts: Arc<Accounts>,
    rooms: Arc<Rooms>,
    config: Arc<Config>,
    clock: Clock,
    random: Random,
    tasks: Tasks,
    outgoing: Outgoing,
    mailer: Option<(Mailer, Mails)>,
    rulesets: rules::Rulesets,
    flattened: evaluate::FlattenedCache,
    counted: counts::CountCache,
    setting: pushers::Setting,
    delivery: delivery::Delivery,
}

impl Push {
    /// The service over its parts. Nobody is told of anything before [`Self::start`].
    pub fn new(parts: Parts) -> Arc<Self> {
        Arc::new(Self {
            store: parts.store,
            accounts: parts.accounts,
            rooms: parts.rooms,
            config: parts.config,
            clock: parts.clock,
            random: parts.random,
            tasks: parts.tasks,
            outgoing: parts.outgoing,
            mailer: parts.mailer,
            rulesets: rules::Rulesets::new(),
            flattened: evaluate::FlattenedCache::new(evaluate::FLATTENED_EVENTS_MAX),
            counted: counts::CountCache::new(counts::COUNTED_ROOMS_MAX),
            setting: pushers::Setting::default(),
            delivery: delivery::Delivery::default(),
        })
    }

    /// Tells users by their pushers until the server stops.
    pub fn start(self: &Arc<Self>) {
        let push = Arc::clone(self);
        self.tasks.spawn("pushers", async move { push.deliver_until_stopped().await });
    }
}
