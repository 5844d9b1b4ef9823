//! `[passwords]`: how passwords are stored.

use crate::Secret;
use serde::{Deserialize, Serialize};

/// How passwords are stored: as argon2id hashes. New values apply to passwords set from now on and to each old one at
/// its next login; nobody is locked out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Passwords {
    /// Memory for one hash, in KiB. More makes guessing dearer for whoever steals the database, and every login
    /// dearer for you. From 8192 to 1048576.
    pub memory_kib: u32,

    /// How often that memory is passed over. From 1 to 100.
    pub iterations: u32,

    /// How many lanes one hash uses. From 1 to 16.
    pub parallelism: u32,

    /// How many hashes are computed at the same time; further logins wait. Bounds the memory that a rush of logins
    /// can take to this number times memory_kib. From 1 to 64.
    pub hashes_at_once_max: usize,

    /// A secret mixed into every hash, kept outside the database, so that a stolen database alone is of no use.
    /// Changing it, or setting it later, invalidates every password.
    ///
    /// Example: "a long random text"
    pub pepper: Option<Secret>,

    /// The least number of characters of a new password.
    pub length_min: usize,
}

impl Default for Passwords {
    fn default() -> Passwords {
        // OWASP's recommendation for argon2id: 19 MiB, two passes, one lane; about 20 ms a hash.
        Passwords {
            memory_kib: 19_456,
            iterations: 2,
            parallelism: 1,
            hashes_at_once_max: 4,
            pepper: None,
            length_min: 8,
        }
    }
}
