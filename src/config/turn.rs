//! `[turn]`: the relay for voice and video calls.

use crate::Secret;
use serde::{Deserialize, Serialize};

/// The relay (TURN server, coturn for example) that clients are told of for calls between two people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Turn {
    /// The relay's addresses, such as "turn:turn.example.org?transport=udp". Empty: clients are told of none.
    pub uris: Vec<String>,

    /// The secret shared with the relay (coturn's static-auth-secret), from which each user gets a password
    /// that expires.
    ///
    /// Example: "a long random text"
    pub shared_secret: Option<Secret>,

    /// A fixed name for relays without a shared secret; every user gets it.
    ///
    /// Example: "kith"
    pub username: Option<String>,

    /// The fixed password that goes with it.
    ///
    /// Example: "secret"
    pub password: Option<Secret>,

    /// How many seconds the credentials are valid.
    pub lifetime_seconds: u64,
}

impl Default for Turn {
    fn default() -> Turn {
        Turn {
            uris: Vec::new(),
            shared_secret: None,
            username: None,
            password: None,
            lifetime_seconds: 86_400,
        }
    }
}
