//! Delivering to application services, and asking them.
//!
//! [`Bridges`] is the door. `delivery` tells each service what concerns it, in order, from a cursor of its own;
//! `interest` says what that is. `existence` and `third_party` ask: whether a user or an alias is one of theirs, and
//! what there is in the networks they bridge to.
//!
//! Deliberately absent: their registrations and rights (`accounts`), and what events mean (`rooms`).
//! <https://spec.matrix.org/v1.19/application-service-api/>

mod client;
mod delivery;
mod existence;
mod interest;
mod third_party;

use std::sync::Arc;

use kith_accounts::{Accounts, Appservice};
use kith_base::{Clock, Outgoing, Random, Tasks};
use kith_config::Config;
use kith_rooms::Rooms;
use kith_store::Store;
use tokio::sync::Notify;

pub use existence::Existence;
pub use third_party::{Fields, Protocol};

use client::Client;
use delivery::Delivery;
use existence::Unknown;
use interest::Interests;
use third_party::Protocols;

/// What [`Bridges::new`] is made of.
pub struct Parts {
    /// The store.
    pub store: Arc<Store>,
    /// Users, devices, registrations.
    pub accounts: Arc<Accounts>,
    /// The room domain.
    pub rooms: Arc<Rooms>,
    /// The configuration.
    pub config: Arc<Config>,
    /// The network.
    pub outgoing: Outgoing,
    /// The time.
    pub clock: Clock,
    /// Chance.
    pub random: Random,
    /// Background tasks and the blocking pool.
    pub tasks: Tasks,
}

/// The application services, as this server speaks to them: one per server.
pub struct Bridges {
    store: Arc<Store>,
    accounts: Arc<Accounts>,
    rooms: Arc<Rooms>,
    config: Arc<Config>,
    clock: Clock,
    random: Random,
    tasks: Tasks,
    client: Client,
    interests: Interests,
    unknown: Unknown,
    protocols: Protocols,
    services: Vec<Arc<Service>>,
}

/// An application service that can be reached.
pub(crate) struct Service {
    /// Which of them it is.
    pub(crate) number: usize,
    pub(crate) registration: Arc<Appservice>,
    /// Where it is.
    pub(crate) url: String,
    /// It was heard from: what it did not take is tried again at once.
    pub(crate) heard: Notify,
}

impl Bridges {
    /// The service over its parts. Nothing is delivered before [`Self::start`].
    pub fn new(parts: Parts) -> Arc<Self> {
        let registered = parts.accounts.appservices().iter();
        let reachable = registered.filter_map(|registration| Some((registration, registration.url.clone()?)));
        let service = |(number, (registration, url)): (usize, (&Arc<Appservice>, String))| {
            let registration = Arc::clone(registration);
            Arc::new(Service { number, registration, url, heard: Notify::new() })
        };
        let services = reachable.enumerate().map(service).collect();
        Arc::new(Self {
            interests: Interests::new(Arc::clone(&parts.store), Arc::clone(&parts.rooms)),
            client: Client::new(parts.outgoing, parts.config.appservices.legacy_requests),
            unknown: Unknown::default(),
            protocols: Protocols::default(),
            store: parts.store,
            accounts: parts.accounts,
            rooms: parts.rooms,
            config: parts.config,
            clock: parts.clock,
            random: parts.random,
            tasks: parts.tasks,
            services,
        })
    }

    /// Delivers until the server stops.
    pub fn start(self: &Arc<Self>) {
        for service in &self.services {
            let delivery = Delivery::new(Arc::clone(self), Arc::clone(service));
            self.tasks.spawn("application service", async move { delivery.run().await });
        }
    }

    /// A service shows that it is there: what it did not take is tried again at once.
    pub fn heard_from(&self, id: &str) {
        for service in self.services.iter().filter(|service| service.registration.id == id) {
            service.heard.notify_one();
        }
    }
}
