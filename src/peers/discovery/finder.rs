//! Walks the steps of discovery, and remembers where they led.

use std::sync::Arc;

use futures_util::FutureExt;
use kith_base::{Clock, Outgoing, Random};
use kith_config::Federation;
use quick_cache::sync::Cache;
use ruma::{OwnedServerName, ServerName};

use super::{Route, Step, after_srv, after_well_known, begin, srv::Srv, well_known};
use crate::flights::Flights;

/// How many servers' ways are remembered.
const ROUTES_MAX: usize = 20_000;
/// How long a way that led nowhere is believed nevertheless, in milliseconds.
const DOUBTED_AGE_MIN_MS: u64 = 60_000;

/// Finds servers.
pub(crate) struct Finder {
    outgoing: Outgoing,
    clock: Clock,
    random: Random,
    srv: Srv,
    well_known_timeout_ms: u64,
    known: Cache<OwnedServerName, Known>,
    flights: Flights<OwnedServerName, Arc<Route>>,
}

/// What is known of a server.
#[derive(Clone)]
struct Known {
    route: Arc<Route>,
    /// When it was found, and until when it is believed, in unix milliseconds.
    found_ms: u64,
    until_ms: u64,
    well_known: well_known::Memory,
}

impl Finder {
    pub(crate) fn new(outgoing: Outgoing, clock: Clock, random: Random, config: &Federation) -> Arc<Self> {
        Arc::new(Self {
            outgoing,
            clock,
            random,
            srv: Srv::new(config.srv_timeout_ms),
            well_known_timeout_ms: config.well_known_timeout_ms,
            known: Cache::new(ROUTES_MAX),
            flights: Flights::default(),
        })
    }

    /// The way to a server. There always is one; whether it leads anywhere shows when it is taken.
    pub(crate) async fn find(self: &Arc<Self>, server: &ServerName) -> Arc<Route> {
        if let Step::Found(route) = begin(server) {
            return Arc::new(route);
        }
        if let Some(known) = self.known.get(server)
            && self.clock.now_ms() < known.until_ms
        {
            return known.route;
        }
        let (finder, server) = (Arc::clone(self), server.to_owned());
        self.flights.join(server.clone(), move || async move { finder.walk(server).await }.boxed()).await
    }

    /// Notes that the way to a server led nowhere, so that it is looked for anew.
    pub(crate) fn doubt(&self, server: &ServerName) {
        if let Some(mut known) = self.known.get(server) {
            known.until_ms = known.until_ms.min(known.found_ms.saturating_add(DOUBTED_AGE_MIN_MS));
            self.known.insert(server.to_owned(), known);
        }
    }

    async fn walk(&self, server: OwnedServerName) -> Arc<Route> {
        let now_ms = self.clock.now_ms();
        let mut well_known = self.known.get(&server).map(|known| known.well_known).unwrap_or_default();
        let mut until_ms = u64::MAX;
        let mut step = begin(&server);
        let route = loop {
            step = match step {
                Step::WellKnown { host } => {
                    if well_known.ask_again_ms <= now_ms {
                        let timeout_ms = self.well_known_timeout_ms;
                        well_known =
                            well_known::ask(&self.outgoing, &host, timeout_ms, &well_known, now_ms).await;
                    }
                    until_ms = until_ms.min(well_known.ask_again_ms);
                    after_well_known(&host, well_known.delegated.as_deref())
                }
                Step::Srv { host } => {
                    let found = self.srv.look_up(&host, &self.random).await;
                    until_ms = until_ms.min(now_ms.saturating_add(found.lifetime_ms));
                    Step::Found(after_srv(&host, found.targets))
                }
                Step::Found(route) => break Arc::new(route),
            };
        };
        tracing::debug!(%server, ?route, "found a server");
        let known = Known { route: Arc::clone(&route), found_ms: now_ms, until_ms, well_known };
        self.known.insert(server, known);
        route
    }
}
