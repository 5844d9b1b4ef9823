//! Keys as clients make them: devices and users that sign.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};

use super::User;

/// An ed25519 key with a name, as devices and cross-signing have them.
pub(crate) struct Key {
    key: SigningKey,
    user: String,
    name: String,
}

impl Key {
    /// The key of a device of a user.
    pub(crate) fn of_device(user: &User, device_id: &str, seed: u8) -> Self {
        Self::of(&user.id, device_id, seed)
    }

    /// The same, where the user is no more than an id.
    pub(crate) fn of(user_id: &str, device_id: &str, seed: u8) -> Self {
        let key = SigningKey::from_bytes(&[seed; 32]);
        Self { key, user: user_id.to_owned(), name: device_id.to_owned() }
    }

    /// A cross-signing key, which is named after its public half.
    pub(crate) fn of_user(user: &User, seed: u8) -> Self {
        Self::of_user_id(&user.id, seed)
    }

    /// The same, where the user is no more than an id.
    pub(crate) fn of_user_id(user_id: &str, seed: u8) -> Self {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let name = STANDARD_NO_PAD.encode(key.verifying_key().as_bytes());
        Self { key, user: user_id.to_owned(), name }
    }

    /// The public half.
    pub(crate) fn public(&self) -> String {
        STANDARD_NO_PAD.encode(self.key.verifying_key().as_bytes())
    }

    /// The id of the key.
    pub(crate) fn id(&self) -> String {
        format!("ed25519:{}", self.name)
    }

    /// Adds a signature to an object.
    pub(crate) fn sign(&self, mut object: Value) -> Value {
        let mut signed = object.clone();
        let members = signed.as_object_mut().unwrap();
        members.remove("signatures");
        members.remove("unsigned");
        let signature = self.key.sign(signed.to_string().as_bytes());
        object["signatures"][&self.user][self.id()] = STANDARD_NO_PAD.encode(signature.to_bytes()).into();
        object
    }

    /// The identity keys of the device whose key this is.
    pub(crate) fn device_keys(&self) -> Value {
        let curve = format!("curve25519:{}", self.name);
        self.sign(json!({
            "user_id": self.user,
            "device_id": self.name,
            "algorithms": ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"],
            "keys": {self.id(): self.public(), curve: self.public()},
        }))
    }

    /// A one-time key or fallback key of the device whose key this is.
    pub(crate) fn session_key(&self, text: &str) -> Value {
        self.sign(json!({"key": text}))
    }

    /// This key as a cross-signing key, signed by nobody.
    pub(crate) fn cross_signing(&self, usage: &str) -> Value {
        json!({"user_id": self.user, "usage": [usage], "keys": {self.id(): self.public()}})
    }
}

impl User {
    /// Publishes the identity keys of the user's device, and answers its key.
    pub(crate) async fn publish_device(&self, seed: u8) -> Key {
        let key = Key::of_device(self, &self.device, seed);
        self.post("/keys/upload", json!({"device_keys": key.device_keys()})).await.ok();
        key
    }

    /// Publishes the user's first cross-signing keys, from this seed on; answers them, and the one that signs devices.
    pub(crate) async fn publish_cross_signing(&self, seed: u8) -> (Value, Key) {
        let [master, own, others] = [0, 1, 2].map(|offset| Key::of_user(self, seed + offset));
        let body = json!({
            "master_key": master.cross_signing("master"),
            "self_signing_key": master.sign(own.cross_signing("self_signing")),
            "user_signing_key": master.sign(others.cross_signing("user_signing")),
        });
        self.post("/keys/device_signing/upload", body.clone()).await.ok();
        (body, own)
    }

    /// Gives the user's device one-time keys with these texts, handed out in this order.
    pub(crate) async fn publish_session_keys(&self, key: &Key, texts: &[&str]) {
        for text in texts {
            let keys = json!({format!("signed_curve25519:{text}"): key.session_key(text)});
            self.post("/keys/upload", json!({"one_time_keys": keys})).await.ok();
        }
    }

    /// What this user sees of another's keys.
    pub(crate) async fn keys_of(&self, user: &str) -> Value {
        self.post("/keys/query", json!({"device_keys": {user: []}})).await.ok()
    }
}
