//! `device_one_time_keys_count`, `device_unused_fallback_key_types`: how many keys of the device that asks are left for
//! others to take. They are told each time: what is not listed counts as none.
//! <https://spec.matrix.org/v1.19/client-server-api/#e2e-extensions-to-sync>

use std::collections::{BTreeMap, BTreeSet};

use kith_store::{Error, Read, UserSid, tables::one_time_keys};
use serde::Serialize;

use crate::moment::Moment;

/// The algorithm that every client uses. It is always listed, because some clients only look at what is.
const ALGORITHM: &str = "signed_curve25519";

/// How many keys of a device are left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyCounts {
    /// One-time keys, by algorithm.
    pub device_one_time_keys_count: BTreeMap<String, u64>,
    /// The algorithms whose fallback key nobody has got yet.
    pub device_unused_fallback_key_types: BTreeSet<String>,
    /// The same under the name it had as a proposal.
    #[serde(rename = "org.matrix.msc2732.device_unused_fallback_key_types")]
    pub unused_fallback_key_types_unstable: BTreeSet<String>,
}

/// How many keys of a device are left.
pub fn key_counts(read: &dyn Read, user: UserSid, device_id: &str) -> Result<KeyCounts, Error> {
    let counts = one_time_keys::counts(read, user, device_id)?;
    let mut one_time = counts.one_time;
    one_time.entry(ALGORITHM.to_owned()).or_insert(0);
    Ok(KeyCounts {
        device_one_time_keys_count: one_time,
        unused_fallback_key_types_unstable: counts.unused_fallback.clone(),
        device_unused_fallback_key_types: counts.unused_fallback,
    })
}

impl Moment<'_> {
    /// How many keys of the device that asks are left.
    pub(crate) fn key_counts(&self) -> Result<Option<KeyCounts>, Error> {
        self.device_id.map(|device_id| key_counts(self.read, self.user, device_id)).transpose()
    }
}
