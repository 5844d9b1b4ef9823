//! `[federation]`: other servers.

use serde::{Deserialize, Serialize};

/// Other servers: whom this one talks to, and how long it waits for them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Federation {
    /// Talk to other servers. False keeps this server to itself: it asks no other and answers none.
    pub enabled: bool,

    /// The servers this one talks to, without their ports; `*` stands for any characters and `?` for one. Empty
    /// means all.
    pub allowed_servers: Vec<String>,

    /// Servers this one does not talk to, whatever `allowed_servers` says; written the same way.
    pub denied_servers: Vec<String>,

    /// Servers that are asked for the keys of servers that cannot be reached themselves, so that what those once
    /// signed can still be verified. They are believed.
    pub trusted_key_servers: Vec<String>,

    /// Tell other servers what users call their devices. They are told of the devices anyway; a name such as
    /// "Anna's work phone" says more than most people mean to tell strangers.
    pub tell_device_names: bool,

    /// How long an ordinary request to another server may take, in milliseconds.
    pub request_timeout_ms: u64,

    /// How long a request may take that has the other server do a lot of work, such as joining a large room, in
    /// milliseconds.
    pub long_request_timeout_ms: u64,

    /// How many bytes of an answer to such a request are read at most; the answer to a join holds the whole state
    /// of the room. For all others `outgoing.response_bytes_max` holds.
    pub long_response_bytes_max: usize,

    /// Join rooms of other servers without waiting for the list of their members, if those servers can do without
    /// sending it at once. It is fetched in the background; until it is there, the room can be read and written, and
    /// what needs the members waits.
    pub fast_joins: bool,

    /// How long asking a domain for its /.well-known/matrix/server may take, redirects included, in milliseconds.
    pub well_known_timeout_ms: u64,

    /// How long asking DNS for the SRV records of a domain may take, in milliseconds.
    pub srv_timeout_ms: u64,

    /// How long a server that could not be reached is left alone at first, in milliseconds. The time doubles with
    /// every further attempt.
    pub backoff_min_ms: u64,

    /// How long a server is left alone at most, in milliseconds. When it sends something itself, it is asked again
    /// at once.
    pub backoff_max_ms: u64,
}

impl Default for Federation {
    fn default() -> Federation {
        Federation {
            enabled: true,
            allowed_servers: Vec::new(),
            denied_servers: Vec::new(),
            trusted_key_servers: vec!["matrix.org".to_owned()],
            tell_device_names: false,
            request_timeout_ms: 30_000,
            long_request_timeout_ms: 180_000,
            long_response_bytes_max: 256 * 1024 * 1024,
            fast_joins: true,
            well_known_timeout_ms: 5_000,
            srv_timeout_ms: 2_000,
            backoff_min_ms: 2_000,
            backoff_max_ms: 86_400_000,
        }
    }
}
