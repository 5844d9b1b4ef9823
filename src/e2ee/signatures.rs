//! `/keys/signatures/upload`: a user vouches for a device of their own, or for another user.
//!
//! Each signature is checked. On a device, the user's self-signing key signs; on the user's own master key, one of
//! their devices; on another user's master key, the user-signing key, and that signature is shown to nobody else.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keyssignaturesupload>

use std::{collections::BTreeMap, sync::Arc};

use kith_accounts::Requester;
use kith_store::{
    Error, Txn, UserSid,
    tables::{
        device_keys::{self, DEVICE_KEYS, KEY_SIGNATURES, KeyUsage},
        devices,
    },
};
use ruma::{OwnedUserId, UserId};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    E2ee, QueriedKeys,
    local_keys::stored,
    query::DevicesWanted,
    signed_object::{SignedObject, key_bytes},
    upload::DEVICE_KEYS_BYTES_MAX,
};

/// Signed keys by owner and by key: a device id, or the public half of a master key.
pub type SignedKeys = BTreeMap<OwnedUserId, BTreeMap<String, Box<RawValue>>>;

/// What was not taken, by owner and key.
pub type SignatureFailures = BTreeMap<OwnedUserId, BTreeMap<String, Failure>>;

/// Why a signature was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The code.
    pub errcode: &'static str,
    /// The reason for a human.
    pub error: String,
}

/// A signature to keep.
struct Taken {
    key_id: String,
    signature: String,
}

impl Failure {
    fn new(errcode: &'static str, error: &str) -> Self {
        Self { errcode, error: error.to_owned() }
    }

    fn not_found() -> Self {
        Self::new("M_NOT_FOUND", "There is no such key")
    }

    fn changed() -> Self {
        Self::new("M_INVALID_PARAM", "The key is another one here than the one that was signed")
    }

    fn bad_signature() -> Self {
        Self::new("M_INVALID_SIGNATURE", "The signature is missing or wrong")
    }
}

impl E2ee {
    /// Takes signatures that the user who asks has made. Returns those that were not taken.
    pub async fn upload_signatures(
        self: &Arc<Self>,
        requester: &Requester,
        signed: SignedKeys,
    ) -> Result<SignatureFailures, Error> {
        let others = signed.keys().filter(|user_id| !self.accounts.is_local(user_id));
        let others: DevicesWanted = others.map(|user_id| (user_id.clone(), Vec::new())).collect();
        let asked = match others.is_empty() {
            true => QueriedKeys::default(),
            false => self.query_keys(requester.user, others, None).await?,
        };
        let (e2ee, requester) = (Arc::clone(self), requester.clone());
        self.tasks.blocking(move || e2ee.take_signatures(&requester, &signed, &asked)).await
    }

    fn take_signatures(
        &self,
        requester: &Requester,
        signed: &SignedKeys,
        asked: &QueriedKeys,
    ) -> Result<SignatureFailures, Error> {
        let mut failures = SignatureFailures::new();
        let lane = self.accounts.lane(requester.user);
        let mut txn = self.store.begin();
        let mut own_devices = Vec::new();
        for (user_id, keys) in signed {
            let mut failed = BTreeMap::new();
            let mut taken = false;
            for (key, text) in keys {
                let outcome = match *user_id == requester.user_id {
                    true => self.take_own(&mut txn, requester, key, text.get(), &mut own_devices)?,
                    false => self.take_others(&mut txn, requester, user_id, key, text.get(), asked)?,
                };
                match outcome {
                    Ok(()) => taken = true,
                    Err(failure) => {
                        failed.insert(key.clone(), failure);
                    }
                }
            }
            if taken && *user_id != requester.user_id {
                let owner = self.store.ids().user(user_id)?;
                device_keys::mark_signed(&mut txn, self.read(), requester.user, owner)?;
            } else if taken {
                let changed: Vec<&str> = own_devices.iter().map(String::as_str).collect();
                devices::mark_devices_changed(&mut txn, self.read(), requester.user, &changed)?;
            }
            if !failed.is_empty() {
                failures.insert(user_id.clone(), failed);
            }
        }
        let committed = self.store.commit(txn)?;
        drop(lane);
        committed.wait_durable()?;
        Ok(failures)
    }

    /// A signature on one of the signer's own devices, or on their own master key.
    fn take_own(
        &self,
        txn: &mut Txn,
        requester: &Requester,
        key: &str,
        text: &str,
        own_devices: &mut Vec<String>,
    ) -> Result<Result<(), Failure>, Error> {
        let user = requester.user;
        if let Some(known) = DEVICE_KEYS.get(self.read(), &(user, key.to_owned()))? {
            let signer = self.signer(user, KeyUsage::SelfSigning)?;
            let known = stored(&known, "device_keys")?;
            let taken = match check(&known, text, &requester.user_id, signer) {
                Ok(taken) => taken,
                Err(failure) => return Ok(Err(failure)),
            };
            keep(txn, user, key, user, taken);
            own_devices.push(key.to_owned());
            return Ok(Ok(()));
        }
        let master = device_keys::find_cross_signing_key(self.read(), user, KeyUsage::Master)?;
        let master = master.map(|master| stored(&master, "cross_signing_keys")).transpose()?;
        let Some(master) = master.filter(|master| public_half(master) == Some(key)) else {
            return Ok(Err(Failure::not_found()));
        };
        let Some(signed) = SignedObject::parse(text, DEVICE_KEYS_BYTES_MAX) else {
            return Ok(Err(Failure::bad_signature()));
        };
        // Any device of the user may have signed it; the first that did counts.
        let mut failure = Failure::bad_signature();
        for (key_id, _) in signed.signatures_of(requester.user_id.as_str()) {
            let Some(signer) = self.device_signer(user, key_id)? else { continue };
            match check(&master, text, &requester.user_id, Some(signer)) {
                Ok(taken) => {
                    keep(txn, user, key, user, taken);
                    return Ok(Ok(()));
                }
                Err(reason) => failure = reason,
            }
        }
        Ok(Err(failure))
    }

    /// A signature on another user's master key.
    fn take_others(
        &self,
        txn: &mut Txn,
        requester: &Requester,
        user_id: &UserId,
        key: &str,
        text: &str,
        asked: &QueriedKeys,
    ) -> Result<Result<(), Failure>, Error> {
        let known = match asked.master_keys.get(user_id) {
            Some(known) => Some(known.get().to_owned()),
            None => match self.find_local(user_id)? {
                Some(user) => device_keys::find_cross_signing_key(self.read(), user, KeyUsage::Master)?,
                None => None,
            },
        };
        let known = known.and_then(|known| SignedObject::stored(&known));
        let Some(known) = known.filter(|known| public_half(known) == Some(key)) else {
            return Ok(Err(Failure::not_found()));
        };
        let signer = self.signer(requester.user, KeyUsage::UserSigning)?;
        Ok(match check(&known, text, &requester.user_id, signer) {
            Ok(taken) => {
                keep(txn, self.store.ids().user(user_id)?, key, requester.user, taken);
                Ok(())
            }
            Err(failure) => Err(failure),
        })
    }

    /// The id and the public half of one of a user's cross-signing keys.
    fn signer(&self, user: UserSid, usage: KeyUsage) -> Result<Option<(String, [u8; 32])>, Error> {
        let Some(key) = device_keys::find_cross_signing_key(self.read(), user, usage)? else {
            return Ok(None);
        };
        let key = stored(&key, "cross_signing_keys")?;
        Ok(key.only_key().and_then(|(key_id, public)| Some((key_id.to_owned(), key_bytes(public)?))))
    }

    /// The key by which one of a user's devices signs.
    fn device_signer(&self, user: UserSid, key_id: &str) -> Result<Option<(String, [u8; 32])>, Error> {
        let Some(device_id) = key_id.strip_prefix("ed25519:") else { return Ok(None) };
        let Some(keys) = DEVICE_KEYS.get(self.read(), &(user, device_id.to_owned()))? else {
            return Ok(None);
        };
        let keys = stored(&keys, "device_keys")?;
        let found = keys.texts("keys").into_iter().flatten().find(|(id, _)| *id == key_id);
        Ok(found.and_then(|(_, key)| Some((key_id.to_owned(), key_bytes(key)?))))
    }
}

/// Whether what was signed is the key that is known, and the signature on it is right.
fn check(
    known: &SignedObject,
    text: &str,
    signer_id: &UserId,
    signer: Option<(String, [u8; 32])>,
) -> Result<Taken, Failure> {
    let signed = SignedObject::parse(text, DEVICE_KEYS_BYTES_MAX).ok_or_else(Failure::bad_signature)?;
    if signed.signed_text() != known.signed_text() {
        return Err(Failure::changed());
    }
    let (key_id, key) = signer.ok_or_else(Failure::bad_signature)?;
    if !signed.is_signed_by(signer_id.as_str(), &key_id, &key) {
        return Err(Failure::bad_signature());
    }
    let signature = signed.signature(signer_id.as_str(), &key_id).ok_or_else(Failure::bad_signature)?;
    Ok(Taken { signature: signature.to_owned(), key_id })
}

fn keep(txn: &mut Txn, owner: UserSid, key: &str, signer: UserSid, taken: Taken) {
    let place = (owner, key.to_owned(), signer, taken.key_id);
    KEY_SIGNATURES.put(&mut txn.batch, &place, &taken.signature);
}

fn public_half(key: &SignedObject) -> Option<&str> {
    key.only_key().map(|(_, public)| public)
}
