//! `[[listeners]]`: where the server listens, and what it answers there.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Where the server listens. Repeat the table for several addresses; without any, the server listens on
/// 127.0.0.1:8008 only and is reached from outside through a reverse proxy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Listener {
    /// IP address and port. "0.0.0.0:8448" is every IPv4 address of the machine, "[::]:8448" every IPv6 (and, on
    /// most systems, IPv4) address. Port 0 takes any free port, which the start-up message then names.
    pub address: SocketAddr,

    /// PEM file with the certificate and its chain, the server's own certificate first. Set together with
    /// tls_private_key; without both the listener speaks plain HTTP. Both files are read again when they change and
    /// on SIGHUP, so that a renewed certificate needs no restart.
    ///
    /// Example: "/etc/kith/fullchain.pem"
    pub tls_certificate: Option<PathBuf>,

    /// PEM file with the private key (PKCS#8, PKCS#1 or SEC1; RSA or ECDSA).
    ///
    /// Example: "/etc/kith/privkey.pem"
    pub tls_private_key: Option<PathBuf>,

    /// What is answered here: "client" (the client-server API and /.well-known/matrix/client), "federation" (other
    /// servers), "admin" (the admin API) and "metrics" (/metrics). Everything else answers 404. /_kith/health is
    /// answered on every listener.
    pub serves: Vec<Service>,

    /// Reverse proxies, as address ranges, whose X-Forwarded-For header names the real client. Rate limits and the
    /// device list use that address. The header is ignored from everybody else.
    pub trusted_proxies: Vec<IpNet>,
}

/// A group of routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// The client-server API.
    Client,
    /// What other servers ask.
    Federation,
    /// The admin API.
    Admin,
    /// Figures for Prometheus.
    Metrics,
}

impl Default for Listener {
    fn default() -> Listener {
        Listener {
            address: SocketAddr::from(([127, 0, 0, 1], 8008)),
            tls_certificate: None,
            tls_private_key: None,
            serves: vec![Service::Client, Service::Federation, Service::Admin, Service::Metrics],
            trusted_proxies: vec![
                IpNet::new_assert([127, 0, 0, 0].into(), 8),
                IpNet::new_assert(std::net::Ipv6Addr::LOCALHOST.into(), 128),
            ],
        }
    }
}
