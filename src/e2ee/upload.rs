//! `/keys/upload`: the keys of a device.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysupload>

use std::collections::BTreeMap;

use kith_accounts::Requester;
use kith_event::json::Value;
use kith_store::{
    Error, Txn, UserSid,
    tables::{
        device_keys::{self, DEVICE_KEYS},
        devices::{self, DEVICES},
        one_time_keys::{
            self, FALLBACK_KEYS, FallbackKeyRecord, KEY_COUNTS, KeyCountsRecord, ONE_TIME_KEY_IDS,
            ONE_TIME_KEYS, OneTimeKeyRecord,
        },
    },
};
use ruma::UserId;
use serde_json::value::RawValue;

use crate::{
    E2ee,
    signed_object::{SignedObject, key_bytes},
};

/// How long the identity keys of a device may be, in bytes of JSON.
pub(crate) const DEVICE_KEYS_BYTES_MAX: usize = 32 << 10;
/// How long a one-time key or fallback key may be, in bytes of JSON.
const ONE_TIME_KEY_BYTES_MAX: usize = 8 << 10;
/// How long the id of a key may be, in bytes.
const KEY_ID_BYTES_MAX: usize = 255;
/// How many one-time keys of one algorithm a device may have here. Clients keep about a hundred.
const ONE_TIME_KEYS_MAX: u64 = 1_000;
/// How many algorithms the one-time keys and the fallback keys of a device may have, each.
const ALGORITHMS_MAX: usize = 10;

/// The keys that a device uploads.
#[derive(Debug, Default)]
pub struct KeyUpload {
    /// Its identity keys.
    pub device_keys: Option<Box<RawValue>>,
    /// Keys to be handed out once each, by id, algorithm included.
    pub one_time_keys: BTreeMap<String, Box<RawValue>>,
    /// Keys to be handed out when there is no other.
    pub fallback_keys: BTreeMap<String, Box<RawValue>>,
}

/// Why keys are not taken.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The access token belongs to no device.
    #[error("to upload keys, log in with a device")]
    NoDevice,
    /// The keys say that they are somebody else's.
    #[error("the keys do not belong to this user and device")]
    NotYours,
    /// They are not what the specification says.
    #[error("{0}")]
    Malformed(String),
    /// A signature is missing or wrong.
    #[error("{0}")]
    BadSignature(String),
    /// There is another key under the same id. Clients know this message by its words.
    #[error("One time key {0} already exists. Another key was uploaded under this id before")]
    Exists(String),
    /// There are too many keys, or they are too large.
    #[error("{0}")]
    TooMuch(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl E2ee {
    /// Takes the keys of the device that asks. Returns how many one-time keys it has here then, by algorithm.
    pub fn upload_keys(
        &self,
        requester: &Requester,
        upload: &KeyUpload,
    ) -> Result<BTreeMap<String, u64>, KeyError> {
        let device_id = requester.device_id.as_ref().ok_or(KeyError::NoDevice)?.as_str();
        let checked = Checked::new(&requester.user_id, device_id, upload)?;
        let user = requester.user;
        let lane = self.accounts.lane(user);
        // The device may have been removed since the token was looked at.
        if !DEVICES.contains(self.read(), &(user, device_id.to_owned()))? {
            return Err(KeyError::NoDevice);
        }
        let mut txn = self.store.begin();
        if self.put_keys(&mut txn, user, device_id, &checked)? {
            devices::mark_devices_changed(&mut txn, self.read(), user, &[device_id])?;
        }
        let counts = self.put_session_keys(&mut txn, user, device_id, &checked)?;
        let committed = self.store.commit(txn)?;
        drop(lane);
        committed.wait_durable()?;
        Ok(counts.one_time)
    }

    /// Adds the identity keys of a device to a transaction. Returns whether they are new.
    pub(crate) fn put_keys(
        &self,
        txn: &mut Txn,
        user: UserSid,
        device_id: &str,
        checked: &Checked,
    ) -> Result<bool, Error> {
        let Some(keys) = &checked.device_keys else { return Ok(false) };
        let key = (user, device_id.to_owned());
        let known = DEVICE_KEYS.get(self.read(), &key)?;
        if known.as_ref() == Some(keys) {
            return Ok(false);
        }
        if known.is_some() {
            // What was signed is not there any more.
            device_keys::delete_signatures_on(txn, self.read(), user, device_id)?;
        }
        DEVICE_KEYS.put(&mut txn.batch, &key, keys);
        Ok(true)
    }

    /// Adds one-time keys and fallback keys of a device to a transaction. Returns how many there are then.
    ///
    /// The caller holds the user's lane.
    pub(crate) fn put_session_keys(
        &self,
        txn: &mut Txn,
        user: UserSid,
        device_id: &str,
        checked: &Checked,
    ) -> Result<KeyCountsRecord, KeyError> {
        let before = one_time_keys::counts(self.read(), user, device_id)?;
        let mut counts = before.clone();
        for key in &checked.one_time_keys {
            self.put_one_time_key(txn, user, device_id, key, &mut counts)?;
        }
        for key in &checked.fallback_keys {
            self.put_fallback_key(txn, user, device_id, key, &mut counts)?;
        }
        if counts.one_time.len().max(counts.unused_fallback.len()) > ALGORITHMS_MAX {
            return Err(KeyError::TooMuch(format!(
                "a device has keys of {ALGORITHMS_MAX} algorithms at most"
            )));
        }
        if counts.one_time.values().any(|count| *count > ONE_TIME_KEYS_MAX) {
            return Err(KeyError::TooMuch(format!("a device has {ONE_TIME_KEYS_MAX} one-time keys at most")));
        }
        if counts != before {
            KEY_COUNTS.put(&mut txn.batch, &(user, device_id.to_owned()), &counts);
        }
        Ok(counts)
    }

    fn put_one_time_key(
        &self,
        txn: &mut Txn,
        user: UserSid,
        device_id: &str,
        key: &SessionKey,
        counts: &mut KeyCountsRecord,
    ) -> Result<(), KeyError> {
        let id_key = (user, device_id.to_owned(), key.id.clone());
        if let Some(order) = ONE_TIME_KEY_IDS.get(self.read(), &id_key)? {
            let place = (user, device_id.to_owned(), key.algorithm.clone(), order);
            let known = ONE_TIME_KEYS.get(self.read(), &place)?;
            let same = known.is_some_and(|known| known.key == key.text);
            return if same { Ok(()) } else { Err(KeyError::Exists(key.id.clone())) };
        }
        let place = (user, device_id.to_owned(), key.algorithm.clone(), counts.next_order);
        let record = OneTimeKeyRecord { key_id: key.id.clone(), key: key.text.clone() };
        ONE_TIME_KEYS.put(&mut txn.batch, &place, &record);
        ONE_TIME_KEY_IDS.put(&mut txn.batch, &id_key, &counts.next_order);
        counts.next_order += 1;
        *counts.one_time.entry(key.algorithm.clone()).or_default() += 1;
        Ok(())
    }

    fn put_fallback_key(
        &self,
        txn: &mut Txn,
        user: UserSid,
        device_id: &str,
        key: &SessionKey,
        counts: &mut KeyCountsRecord,
    ) -> Result<(), Error> {
        let place = (user, device_id.to_owned(), key.algorithm.clone());
        let known = FALLBACK_KEYS.get(self.read(), &place)?;
        if known.is_some_and(|known| known.key_id == key.id && known.key == key.text) {
            return Ok(());
        }
        let record = FallbackKeyRecord { key_id: key.id.clone(), key: key.text.clone(), used: false };
        FALLBACK_KEYS.put(&mut txn.batch, &place, &record);
        counts.unused_fallback.insert(key.algorithm.clone());
        Ok(())
    }
}

/// An upload that is what it should be.
pub(crate) struct Checked {
    /// Canonical JSON.
    device_keys: Option<String>,
    one_time_keys: Vec<SessionKey>,
    fallback_keys: Vec<SessionKey>,
}

/// A one-time key or a fallback key.
struct SessionKey {
    /// Algorithm included.
    id: String,
    algorithm: String,
    /// Canonical JSON.
    text: String,
}

impl Checked {
    pub(crate) fn new(user_id: &UserId, device_id: &str, upload: &KeyUpload) -> Result<Self, KeyError> {
        let device_keys = upload.device_keys.as_ref();
        Ok(Self {
            device_keys: device_keys
                .map(|keys| check_device_keys(user_id, device_id, keys.get()))
                .transpose()?,
            one_time_keys: check_session_keys(&upload.one_time_keys)?,
            fallback_keys: check_session_keys(&upload.fallback_keys)?,
        })
    }
}

/// Checks the identity keys of a device. Gives their canonical text without `unsigned`.
fn check_device_keys(user_id: &UserId, device_id: &str, text: &str) -> Result<String, KeyError> {
    if text.len() > DEVICE_KEYS_BYTES_MAX {
        return Err(KeyError::TooMuch("the device keys are too large".to_owned()));
    }
    let malformed = |what: &str| KeyError::Malformed(format!("device_keys: {what}"));
    let mut keys = SignedObject::parse(text, DEVICE_KEYS_BYTES_MAX)
        .ok_or_else(|| malformed("no object that has a canonical form"))?;
    keys.remove("unsigned");
    match (keys.text("user_id"), keys.text("device_id")) {
        (Some(user), Some(device)) if user == user_id.as_str() && device == device_id => {}
        (Some(_), Some(_)) => return Err(KeyError::NotYours),
        _ => return Err(malformed("user_id and device_id are missing")),
    }
    let algorithms = keys.member("algorithms").and_then(Value::as_array);
    if !algorithms.is_some_and(|algorithms| algorithms.iter().all(|name| name.as_str().is_some())) {
        return Err(malformed("algorithms is no list of names"));
    }
    let by_id = keys.texts("keys").ok_or_else(|| malformed("keys is no object of texts"))?;
    for (id, _) in &by_id {
        if split_key_id(id).is_none_or(|(_, device)| device != device_id) {
            return Err(malformed("the id of a key is not its algorithm, a colon and the device id"));
        }
    }
    let key_id = format!("ed25519:{device_id}");
    let key = by_id.iter().find(|(id, _)| *id == key_id).and_then(|(_, key)| key_bytes(key));
    let key = key.ok_or_else(|| malformed("there is no ed25519 key"))?;
    if !keys.is_signed_by(user_id.as_str(), &key_id, &key) {
        return Err(KeyError::BadSignature("the device keys are not signed by the device".to_owned()));
    }
    Ok(keys.to_text())
}

fn check_session_keys(keys: &BTreeMap<String, Box<RawValue>>) -> Result<Vec<SessionKey>, KeyError> {
    keys.iter().map(|(id, key)| check_session_key(id, key.get())).collect()
}

fn check_session_key(id: &str, text: &str) -> Result<SessionKey, KeyError> {
    let malformed = |what: &str| KeyError::Malformed(format!("the key {id:?} {what}"));
    if id.len() > KEY_ID_BYTES_MAX || text.len() > ONE_TIME_KEY_BYTES_MAX {
        return Err(KeyError::TooMuch("a key or its id is too large".to_owned()));
    }
    let (algorithm, _) =
        split_key_id(id).ok_or_else(|| malformed("has no id of an algorithm, a colon and a name"))?;
    let text = match serde_json::from_str::<String>(text) {
        Ok(key) => serde_json::Value::String(key).to_string(),
        Err(_) => {
            let key = SignedObject::parse(text, ONE_TIME_KEY_BYTES_MAX)
                .ok_or_else(|| malformed("is neither a text nor an object that has a canonical form"))?;
            if key.text("key").is_none() {
                return Err(malformed("holds no key"));
            }
            if key.member("signatures").is_none_or(|signatures| signatures.as_object().is_none()) {
                return Err(malformed("is not signed"));
            }
            key.to_text()
        }
    };
    Ok(SessionKey { id: id.to_owned(), algorithm: algorithm.to_owned(), text })
}

/// The algorithm and the name in the id of a key, neither of them empty.
fn split_key_id(id: &str) -> Option<(&str, &str)> {
    id.split_once(':').filter(|(algorithm, name)| !algorithm.is_empty() && !name.is_empty())
}
