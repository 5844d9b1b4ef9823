//! The document in which this server publishes its own keys.
//! <https://spec.matrix.org/v1.19/server-server-api/#publishing-keys>

use std::{collections::BTreeMap, sync::Arc};

use kith_event::{
    SigningKey,
    build::add_signature,
    hash,
    json::{Object, Value, to_text},
    verify::PublicKey,
};
use parking_lot::Mutex;
use ruma::{OwnedServerName, ServerName};
use serde_json::value::RawValue;

use super::{KeyRing, document::signed_text};
use crate::signing_key::OtherKeys;

/// How long others may keep the document before they fetch it again, in milliseconds: a day.
const VALIDITY_MS: u64 = 24 * 3_600_000;
/// How long the same document is given out, in milliseconds.
const RENEWAL_MS: u64 = 3_600_000;

/// Our keys, and the document of them that is being given out.
pub(super) struct OwnDocument {
    server_name: OwnedServerName,
    signing_key: Arc<SigningKey>,
    other_keys: Arc<OtherKeys>,
    /// The document, and when it was made, in unix milliseconds.
    current: Mutex<Option<(u64, Box<RawValue>)>>,
}

impl KeyRing {
    pub(crate) fn own_document(&self) -> Box<RawValue> {
        self.own.at(self.asker.clock.now_ms())
    }
}

impl OwnDocument {
    pub(super) fn new(
        server_name: &ServerName,
        signing_key: Arc<SigningKey>,
        other_keys: Arc<OtherKeys>,
    ) -> Self {
        let server_name = server_name.to_owned();
        Self { server_name, signing_key, other_keys, current: Mutex::new(None) }
    }

    /// Our keys as others see them. What they sign does not expire for us.
    pub(super) fn public_keys(&self) -> BTreeMap<String, PublicKey> {
        let active = self.active().map(|key| {
            (key.id(), PublicKey { key: key.public_key(), valid_until_ts: u64::MAX })
        });
        let retired = self.other_keys.retired.iter().map(|key| {
            (key.id.clone(), PublicKey { key: key.key, valid_until_ts: key.expired_ms })
        });
        retired.chain(active).collect()
    }

    /// Adds our signature to an object.
    pub(super) fn sign(&self, object: &mut Object) {
        self.sign_with(&self.signing_key, object);
    }

    /// The document to give out now.
    fn at(&self, now_ms: u64) -> Box<RawValue> {
        let mut current = self.current.lock();
        if let Some((made_ms, document)) = &*current
            && (*made_ms..made_ms.saturating_add(RENEWAL_MS)).contains(&now_ms)
        {
            return document.clone();
        }
        let document = to_raw(&self.write(now_ms));
        *current = Some((now_ms, document.clone()));
        document
    }

    fn write(&self, now_ms: u64) -> Object {
        let key_object = |key: &[u8; 32]| Object::from([("key".to_owned(), Value::String(hash::to_base64(key)))]);
        let active = self.active().map(|key| (key.id(), Value::Object(key_object(&key.public_key()))));
        let retired = self.other_keys.retired.iter().map(|key| {
            let mut object = key_object(&key.key);
            object.insert("expired_ts".to_owned(), integer(key.expired_ms));
            (key.id.clone(), Value::Object(object))
        });
        let mut document = Object::from([
            ("server_name".to_owned(), Value::from(self.server_name.as_str())),
            ("verify_keys".to_owned(), Value::Object(active.collect())),
            ("old_verify_keys".to_owned(), Value::Object(retired.collect())),
            ("valid_until_ts".to_owned(), integer(now_ms.saturating_add(VALIDITY_MS))),
        ]);
        for key in self.active() {
            self.sign_with(key, &mut document);
        }
        document
    }

    fn active(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&*self.signing_key).chain(&self.other_keys.active)
    }

    fn sign_with(&self, key: &SigningKey, object: &mut Object) {
        let signature = Value::String(key.sign(signed_text(object).as_bytes()));
        add_signature(object, self.server_name.as_str(), key.id(), signature);
    }
}

/// An object as JSON that can be put into an answer.
pub(super) fn to_raw(object: &Object) -> Box<RawValue> {
    RawValue::from_string(to_text(object)).expect("canonical JSON is JSON")
}

fn integer(number: u64) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}
