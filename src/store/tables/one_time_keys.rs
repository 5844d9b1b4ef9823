//! `one_time_keys`, `one_time_key_ids`, `fallback_keys`, `key_counts`: keys that others take to begin a session with a
//! device, each once, and what is handed out when there are none left.

use std::collections::{BTreeMap, BTreeSet};

use kith_kv::{Direction, Read};
use serde::{Deserialize, Serialize};

use crate::{Error, Txn, catalog::families, record, sids::UserSid, table::Table};

/// `(user, device id, algorithm, order) → the key`: in the order of upload, in which they are handed out.
pub static ONE_TIME_KEYS: Table<(UserSid, String, String, u64), OneTimeKeyRecord> =
    Table::new(families::ONE_TIME_KEYS);
/// `(user, device id, key id) → order`: finds a key by the id that the client gave it, algorithm included.
pub static ONE_TIME_KEY_IDS: Table<(UserSid, String, String), u64> = Table::new(families::ONE_TIME_KEY_IDS);
/// `(user, device id, algorithm) → the key of last resort`.
pub static FALLBACK_KEYS: Table<(UserSid, String, String), FallbackKeyRecord> =
    Table::new(families::FALLBACK_KEYS);
/// `(user, device id) → how many keys there are`: what `/sync` tells each time.
pub static KEY_COUNTS: Table<(UserSid, String), KeyCountsRecord> = Table::new(families::KEY_COUNTS);

/// A key that is handed out once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneTimeKeyRecord {
    /// Its id, algorithm included.
    pub key_id: String,
    /// The key: canonical JSON.
    pub key: String,
}
record!(OneTimeKeyRecord, 1);

/// A key that is handed out when there is no other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FallbackKeyRecord {
    /// Its id, algorithm included.
    pub key_id: String,
    /// The key: canonical JSON.
    pub key: String,
    /// Somebody has got it.
    pub used: bool,
}
record!(FallbackKeyRecord, 1);

/// How many keys of a device there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyCountsRecord {
    /// The place of the next key in the order of upload.
    pub next_order: u64,
    /// How many one-time keys there are, by algorithm; none are not listed.
    pub one_time: BTreeMap<String, u64>,
    /// The algorithms whose fallback key nobody has got yet.
    pub unused_fallback: BTreeSet<String>,
}
record!(KeyCountsRecord, 1);

/// How many keys a device has; a device that never uploaded any has none.
pub fn counts(read: &dyn Read, user: UserSid, device_id: &str) -> Result<KeyCountsRecord, Error> {
    Ok(KEY_COUNTS.get(read, &(user, device_id.to_owned()))?.unwrap_or_default())
}

/// Removes all keys of a device.
pub fn delete_of_device(txn: &mut Txn, read: &dyn Read, user: UserSid, device_id: &str) -> Result<(), Error> {
    let device = (user, device_id.to_owned());
    for row in ONE_TIME_KEYS.scan(read, &device, Direction::Forward) {
        let (key, record) = row?;
        ONE_TIME_KEYS.delete(&mut txn.batch, &key);
        ONE_TIME_KEY_IDS.delete(&mut txn.batch, &(user, device_id.to_owned(), record.key_id));
    }
    for row in FALLBACK_KEYS.scan(read, &device, Direction::Forward) {
        FALLBACK_KEYS.delete(&mut txn.batch, &row?.0);
    }
    KEY_COUNTS.delete(&mut txn.batch, &device);
    Ok(())
}

/// Removes every one-time key there is, and leaves the fallback keys: after a return to an older copy of the data, keys
/// that were handed out since would be handed out again.
pub fn delete_all(txn: &mut Txn, read: &dyn Read) -> Result<(), Error> {
    ONE_TIME_KEYS.delete_prefix(&mut txn.batch, &());
    ONE_TIME_KEY_IDS.delete_prefix(&mut txn.batch, &());
    for row in KEY_COUNTS.scan(read, &(), Direction::Forward) {
        let (device, counts) = row?;
        KEY_COUNTS.put(&mut txn.batch, &device, &KeyCountsRecord { one_time: BTreeMap::new(), ..counts });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{key::Key, record::Record};

    #[test]
    fn golden_bytes() {
        let key = (UserSid(1), "D".to_owned(), "a".to_owned(), 258_u64);
        assert_eq!(key.to_bytes(), [0, 0, 0, 0, 0, 0, 0, 1, b'D', 0, 1, b'a', 0, 1, 0, 0, 0, 0, 0, 0, 1, 2]);
        let record = FallbackKeyRecord { key_id: "a:1".into(), key: "{}".into(), used: true };
        assert_eq!(record.to_bytes(), [1, 3, b'a', b':', b'1', 2, b'{', b'}', 1]);
        let counts = KeyCountsRecord {
            next_order: 5,
            one_time: BTreeMap::from([("a".to_owned(), 2)]),
            unused_fallback: BTreeSet::from(["a".to_owned()]),
        };
        assert_eq!(counts.to_bytes(), [1, 5, 1, 1, b'a', 2, 1, 1, b'a']);
        assert_eq!(KeyCountsRecord::decode(&counts.to_bytes()), Some(counts));
    }
}
