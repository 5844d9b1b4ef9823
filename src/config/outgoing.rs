//! `[outgoing]`: requests this server makes itself.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Requests this server makes itself, to push gateways for example.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outgoing {
    /// Address ranges that are never connected to, whatever name or redirect leads there, so that nobody can make
    /// this server knock at machines behind your firewall. The default is every range that is not the public
    /// internet. An empty list allows everything.
    pub denied_addresses: Vec<IpNet>,

    /// PEM files with certificate authorities to trust besides the system's.
    pub extra_ca_certificates: Vec<PathBuf>,

    /// How long making a connection may take, in milliseconds.
    pub connect_timeout_ms: u64,

    /// How long a whole request may take, in milliseconds.
    pub request_timeout_ms: u64,

    /// How many bytes of an answer are read at most.
    pub response_bytes_max: usize,
}

/// Ranges that are not the public internet, from the IANA special-purpose registries.
const NOT_PUBLIC: [&str; 27] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/127",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
];

impl Default for Outgoing {
    fn default() -> Outgoing {
        let parse =
            |range: &&str| range.parse().expect("the ranges above are written correctly, a test parses them");
        Outgoing {
            denied_addresses: NOT_PUBLIC.iter().map(parse).collect(),
            extra_ca_certificates: Vec::new(),
            connect_timeout_ms: 10_000,
            request_timeout_ms: 30_000,
            response_bytes_max: 10 * 1024 * 1024,
        }
    }
}
