//! `/keys/device_signing/upload`: the keys by which a user vouches for devices and for other users.
//!
//! The first keys of a user need no further proof, and neither does what is here already; keys that replace others do.
//! <https://spec.matrix.org/v1.19/client-server-api/#cross-signing>

use std::collections::HashMap;

use kith_accounts::Requester;
use kith_event::json::Value;
use kith_store::{
    Direction, Error, Txn, UserSid,
    tables::{
        device_keys::{self, CROSS_SIGNING_KEYS, KEY_SIGNATURES, KeyUsage},
        devices::{self, DEVICES},
    },
};
use parking_lot::Mutex;
use ruma::UserId;
use serde_json::value::RawValue;

use crate::{
    E2ee,
    local_keys::stored,
    signed_object::{SignedObject, key_bytes},
};

/// How long a cross-signing key may be, in bytes of JSON.
const SIGNING_KEY_BYTES_MAX: usize = 32 << 10;

/// The keys that a user uploads.
#[derive(Clone, Debug, Default)]
pub struct CrossSigningKeys {
    /// Stands for the user.
    pub master_key: Option<Box<RawValue>>,
    /// Signs the user's devices.
    pub self_signing_key: Option<Box<RawValue>>,
    /// Signs other users' master keys.
    pub user_signing_key: Option<Box<RawValue>>,
}

/// Why cross-signing keys are not taken.
#[derive(Debug, thiserror::Error)]
pub enum CrossSigningError {
    /// They would replace others, and whoever asks has shown no more than an access token.
    #[error("replacing cross-signing keys needs more authentication")]
    NeedsProof,
    /// A key is not what the specification says.
    #[error("{0}")]
    Malformed(String),
    /// There is no master key that could have signed the others.
    #[error("there is no master key")]
    NoMasterKey,
    /// A signature is missing or wrong.
    #[error("{0}")]
    BadSignature(String),
    /// A key has the name of a device.
    #[error("the public key is the id of one of your devices")]
    NamedLikeDevice,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// How long keys may be replaced without more than an access token once an administrator has allowed it, in
/// milliseconds.
const REPLACING_ALLOWED_MS: u64 = 10 * 60 * 1_000;

/// Who may replace their keys without further proof, and until when. A restart ends it.
pub(crate) type Replacing = Mutex<HashMap<UserSid, u64>>;

impl E2ee {
    /// Lets a user replace their cross-signing keys without further proof for some minutes: for administrators, where
    /// the user has no password to show. Answers until when; nothing if there are no keys to replace.
    pub fn allow_replacing(&self, user: UserSid) -> Result<Option<u64>, Error> {
        if device_keys::find_cross_signing_key(self.read(), user, KeyUsage::Master)?.is_none() {
            return Ok(None);
        }
        let now_ms = self.clock.now_ms();
        let until_ms = now_ms.saturating_add(REPLACING_ALLOWED_MS);
        let mut replacing = self.replacing.lock();
        replacing.retain(|_, until_ms| *until_ms > now_ms);
        replacing.insert(user, until_ms);
        Ok(Some(until_ms))
    }

    fn may_replace(&self, user: UserSid) -> bool {
        self.replacing.lock().get(&user).is_some_and(|until_ms| *until_ms > self.clock.now_ms())
    }

    /// Takes cross-signing keys of the user who asks. `proven` says that more than an access token was shown.
    pub fn upload_signing_keys(
        &self,
        requester: &Requester,
        keys: &CrossSigningKeys,
        proven: bool,
    ) -> Result<(), CrossSigningError> {
        let user_id = &requester.user_id;
        let mut given = Vec::new();
        for (usage, key) in [
            (KeyUsage::Master, &keys.master_key),
            (KeyUsage::SelfSigning, &keys.self_signing_key),
            (KeyUsage::UserSigning, &keys.user_signing_key),
        ] {
            if let Some(key) = key {
                given.push((usage, check_signing_key(user_id, usage, key.get())?));
            }
        }
        let user = requester.user;
        let lane = self.accounts.lane(user);
        let mut known = Vec::new();
        for usage in KeyUsage::ALL {
            let key = device_keys::find_cross_signing_key(self.read(), user, usage)?;
            known.push(key.map(|key| stored(&key, "cross_signing_keys")).transpose()?);
        }
        let known_of = |usage: KeyUsage| known[usage as usize].as_ref();
        given.retain(|(usage, key)| known_of(*usage).is_none_or(|known| !is_same(known, key)));
        if given.is_empty() {
            return Ok(());
        }
        if known_of(KeyUsage::Master).is_some() && !proven && !self.may_replace(user) {
            return Err(CrossSigningError::NeedsProof);
        }
        self.check_new(user, user_id, &given, known_of(KeyUsage::Master))?;
        let mut txn = self.store.begin();
        for (usage, key) in &given {
            self.replace(&mut txn, user, *usage, key, known_of(*usage))?;
        }
        if given.iter().any(|(usage, _)| *usage == KeyUsage::Master) {
            self.drop_unsigned(&mut txn, user, user_id, &given, &known);
        }
        if given.iter().any(|(usage, _)| *usage != KeyUsage::UserSigning) {
            devices::mark_signing_keys_changed(&mut txn, self.read(), user)?;
        } else {
            device_keys::mark_signed(&mut txn, self.read(), user, user)?;
        }
        let committed = self.store.commit(txn)?;
        drop(lane);
        Ok(committed.wait_durable()?)
    }

    /// Whether new keys hang together: signed by the master key, and called like no device.
    fn check_new(
        &self,
        user: UserSid,
        user_id: &UserId,
        given: &[(KeyUsage, SignedObject)],
        known_master: Option<&SignedObject>,
    ) -> Result<(), CrossSigningError> {
        let new_master = given.iter().find(|(usage, _)| *usage == KeyUsage::Master).map(|(_, key)| key);
        let master = new_master.or(known_master).ok_or(CrossSigningError::NoMasterKey)?;
        for (usage, key) in given {
            let Some((_, public)) = key.only_key() else { continue };
            if DEVICES.contains(self.read(), &(user, public.to_owned()))? {
                return Err(CrossSigningError::NamedLikeDevice);
            }
            if *usage != KeyUsage::Master && !is_signed_by_master(user_id, key, master) {
                let message = format!("the {} key is not signed by the master key", usage.as_str());
                return Err(CrossSigningError::BadSignature(message));
            }
        }
        Ok(())
    }

    /// Sets a key. What hung on the one before goes with it.
    fn replace(
        &self,
        txn: &mut Txn,
        user: UserSid,
        usage: KeyUsage,
        key: &SignedObject,
        known: Option<&SignedObject>,
    ) -> Result<(), Error> {
        CROSS_SIGNING_KEYS.put(&mut txn.batch, &(user, usage as u8), &key.to_text());
        let Some((key_id, public)) = known.and_then(SignedObject::only_key) else { return Ok(()) };
        match usage {
            KeyUsage::Master => device_keys::delete_signatures_on(txn, self.read(), user, public),
            KeyUsage::SelfSigning => {
                for row in KEY_SIGNATURES.scan(self.read(), &(user,), Direction::Forward) {
                    let (signature, _) = row?;
                    if signature.2 == user && signature.3 == key_id {
                        KEY_SIGNATURES.delete(&mut txn.batch, &signature);
                    }
                }
                Ok(())
            }
            // What it signed is on other users' keys, where it means nothing any more and harms nobody.
            KeyUsage::UserSigning => Ok(()),
        }
    }

    /// Removes keys that a new master key has not signed: nobody could trust them.
    fn drop_unsigned(
        &self,
        txn: &mut Txn,
        user: UserSid,
        user_id: &UserId,
        given: &[(KeyUsage, SignedObject)],
        known: &[Option<SignedObject>],
    ) {
        let Some((_, master)) = given.iter().find(|(usage, _)| *usage == KeyUsage::Master) else { return };
        for usage in [KeyUsage::SelfSigning, KeyUsage::UserSigning] {
            let replaced = given.iter().any(|(given, _)| *given == usage);
            if let Some(key) = &known[usage as usize]
                && !replaced
                && !is_signed_by_master(user_id, key, master)
            {
                CROSS_SIGNING_KEYS.delete(&mut txn.batch, &(user, usage as u8));
            }
        }
    }
}

/// Reads a cross-signing key. It has one ed25519 key, whose id is its public half.
pub(crate) fn check_signing_key(
    user_id: &UserId,
    usage: KeyUsage,
    text: &str,
) -> Result<SignedObject, CrossSigningError> {
    let name = usage.as_str();
    let malformed = |what: &str| CrossSigningError::Malformed(format!("the {name} key {what}"));
    let mut key = SignedObject::parse(text, SIGNING_KEY_BYTES_MAX)
        .ok_or_else(|| malformed("is no object that has a canonical form, or too large"))?;
    key.remove("unsigned");
    if key.text("user_id") != Some(user_id.as_str()) {
        return Err(malformed("does not belong to this user"));
    }
    let usages = key.member("usage").and_then(Value::as_array);
    if !usages.is_some_and(|usages| usages.iter().any(|usage| usage.as_str() == Some(name))) {
        return Err(malformed("is not for this usage"));
    }
    let (key_id, public) = key.only_key().ok_or_else(|| malformed("does not hold exactly one key"))?;
    if key_id.strip_prefix("ed25519:") != Some(public) || key_bytes(public).is_none() {
        return Err(malformed("is no ed25519 key with its public half as its id"));
    }
    Ok(key)
}

/// Whether two keys are the same, whoever has signed them.
fn is_same(one: &SignedObject, other: &SignedObject) -> bool {
    one.signed_text() == other.signed_text()
}

fn is_signed_by_master(user_id: &UserId, key: &SignedObject, master: &SignedObject) -> bool {
    master.only_key().is_some_and(|(key_id, public)| {
        key_bytes(public).is_some_and(|public| key.is_signed_by(user_id.as_str(), key_id, &public))
    })
}
