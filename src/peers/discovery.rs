//! Where a server is: the steps from its name to the URL and the places to connect to, as pure decisions.
//!
//! A decision asks for one fetch and is told its outcome; the fetches are in `discovery/well_known.rs` and
//! `discovery/srv.rs`, and `discovery/finder.rs` walks from step to step and remembers where it led.
//! <https://spec.matrix.org/v1.19/server-server-api/#resolving-server-names>

pub(crate) mod finder;
mod srv;
#[cfg(test)]
mod tests;
mod well_known;

pub use self::well_known::delegated;

use kith_base::outgoing::Target;
use ruma::ServerName;

/// The port of a server that says nothing else.
const DEFAULT_PORT: u16 = 8448;
/// The port that URLs leave out.
const HTTPS_PORT: u16 = 443;

/// How to reach a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// `https://` and the host that the certificate must be valid for, with the port if the server's name has one.
    pub(crate) base_url: String,
    /// The `Host` header, where it is not that of the URL.
    pub(crate) host_header: Option<String>,
    /// Where to connect, the best place first; empty for where the URL leads.
    pub(crate) connect_to: Vec<Target>,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Fetch `https://<host>/.well-known/matrix/server`.
    WellKnown { host: String },
    /// Look up the SRV records of the host.
    Srv { host: String },
    /// Nothing: this is the way.
    Found(Route),
}

/// The first step for a server's name: steps 1 to 3 of the specification.
pub(crate) fn begin(server: &ServerName) -> Step {
    match direct(server) {
        Some(route) => Step::Found(route),
        None => Step::WellKnown { host: server.host().to_owned() },
    }
}

/// The step after the host was asked for its well-known file, which named another server or did not: step 3, or
/// steps 4 and on.
pub(crate) fn after_well_known(host: &str, delegated: Option<&ServerName>) -> Step {
    match delegated {
        Some(server) => match direct(server) {
            Some(route) => Step::Found(route),
            None => Step::Srv { host: server.host().to_owned() },
        },
        None => Step::Srv { host: host.to_owned() },
    }
}

/// The way after the SRV records of the host were looked up, given in the order in which to try them.
pub(crate) fn after_srv(host: &str, records: Vec<Target>) -> Route {
    let connect_to =
        if records.is_empty() { vec![Target { host: host.to_owned(), port: DEFAULT_PORT }] } else { records };
    Route { base_url: format!("https://{host}"), host_header: None, connect_to }
}

/// The way to an address, or to a name with a port: nothing has to be asked for it.
fn direct(server: &ServerName) -> Option<Route> {
    let host = server.host();
    let port = server.port().or_else(|| server.is_ip_literal().then_some(DEFAULT_PORT))?;
    // Addresses are connected to as they stand in the URL, so the port has to be in it, whether it is in the name or
    // not; and the port that URLs leave out has to be in the header if it is in the name.
    let differs = server.port() != Some(port) || port == HTTPS_PORT;
    Some(Route {
        base_url: format!("https://{host}:{port}"),
        host_header: differs.then(|| server.as_str().to_owned()),
        connect_to: Vec::new(),
    })
}
