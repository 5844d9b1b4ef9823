//! `[limits]`: how much one connection, and all of them together, may ask of the server.

use serde::{Deserialize, Serialize};

/// How much one connection, and all of them together, may ask of the server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of a request's body; more answers M_TOO_LARGE. Key backups are the largest honest
    /// bodies.
    pub request_body_bytes_max: usize,

    /// Connections at the same time, over all listeners. Beyond it new ones wait in the system's queue until others
    /// end.
    pub connections_max: usize,

    /// How long a client may take to send a request's header, and how long it may take for the TLS handshake, in
    /// milliseconds. Ends connections that are only held open.
    pub header_timeout_ms: u64,

    /// How long a client may take to send a request's body, in milliseconds.
    pub body_timeout_ms: u64,

    /// How many bytes of headers a request may have. From 8192.
    pub header_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            request_body_bytes_max: 8 * 1024 * 1024,
            connections_max: 10_000,
            header_timeout_ms: 15_000,
            body_timeout_ms: 60_000,
            header_bytes_max: 32 * 1024,
        }
    }
}
