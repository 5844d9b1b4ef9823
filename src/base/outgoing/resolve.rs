//! From host names to addresses, with denied addresses left out each time a connection is made.
//!
//! Names go through the system's resolver, and so through `/etc/hosts`. A name that a request under way is to reach
//! elsewhere leads to that request's targets instead, each with its own port, which is kept as long as the URL names
//! none.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use ipnet::IpNet;
use parking_lot::Mutex;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::Target;

/// How many addresses one connection attempt tries at most.
const ADDRESSES_MAX: usize = 16;

/// Where the requests under way are to connect, by their URLs' hosts. Clones share the same routes.
#[derive(Clone, Default)]
pub(super) struct Routes(Arc<Mutex<HashMap<String, Route>>>);

struct Route {
    targets: Arc<[Target]>,
    requests: usize,
}

/// A route stays known while somebody holds it.
pub(super) struct Held {
    routes: Routes,
    host: String,
}

impl Routes {
    /// Notes where a request to `host` is to connect; nothing to note if it goes where the name leads.
    pub(super) fn hold(&self, host: String, targets: Vec<Target>) -> Option<Held> {
        if targets.is_empty() {
            return None;
        }
        let mut routes = self.0.lock();
        let route =
            routes.entry(host.clone()).or_insert_with(|| Route { targets: Arc::new([]), requests: 0 });
        // All requests to a host have the same route, but for one that is older than what DNS says now.
        route.targets = targets.into();
        route.requests += 1;
        Some(Held { routes: self.clone(), host })
    }

    pub(super) fn find(&self, host: &str) -> Option<Arc<[Target]>> {
        self.0.lock().get(host).map(|route| Arc::clone(&route.targets))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut routes = self.routes.0.lock();
        if let Some(route) = routes.get_mut(&self.host) {
            route.requests -= 1;
            if route.requests == 0 {
                routes.remove(&self.host);
            }
        }
    }
}

/// Every address of a name is denied.
#[derive(Debug, thiserror::Error)]
#[error("every address of {0} is denied")]
pub(super) struct AllDenied(pub(super) String);

/// The resolver of one client.
pub(super) struct Resolver {
    denied: Arc<[IpNet]>,
    routes: Option<Routes>,
}

impl Resolver {
    /// Names lead where the system says.
    pub(super) fn by_name(denied: Arc<[IpNet]>) -> Self {
        Self { denied, routes: None }
    }

    /// Names lead where their requests say.
    pub(super) fn by_route(denied: Arc<[IpNet]>, routes: Routes) -> Self {
        Self { denied, routes: Some(routes) }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let denied = Arc::clone(&self.denied);
        let host = name.as_str().to_owned();
        let route = self.routes.as_ref().and_then(|routes| routes.find(&host));
        Box::pin(async move {
            let own = || Arc::new([Target { host: host.clone(), port: 0 }]) as Arc<[Target]>;
            let found = look_up(&route.unwrap_or_else(own)).await?;
            let allowed: Vec<SocketAddr> =
                found.into_iter().filter(|address| !is_denied(&denied, address.ip())).collect();
            if allowed.is_empty() {
                return Err(AllDenied(host).into());
            }
            Ok(Box::new(allowed.into_iter().take(ADDRESSES_MAX)) as Addrs)
        })
    }
}

/// The addresses of all targets. One that cannot be found does no harm while another can.
async fn look_up(targets: &[Target]) -> std::io::Result<Vec<SocketAddr>> {
    let mut found = Vec::new();
    let mut failure = None;
    for target in targets {
        match tokio::net::lookup_host((target.host.as_str(), target.port)).await {
            Ok(addresses) => found.extend(addresses),
            Err(error) => failure = Some(error),
        }
    }
    match failure {
        Some(error) if found.is_empty() => Err(error),
        _ => Ok(found),
    }
}

/// IPv4 addresses in IPv6 clothes count as what they are.
pub(super) fn is_denied(denied: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    denied.iter().any(|range| range.contains(&address))
}
