//! Signed JSON objects, as keys are: their canonical form, and whether a signature on them is right.
//! <https://spec.matrix.org/v1.19/appendices/#signing-json>

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use ed25519_dalek::{Signature, VerifyingKey};
use kith_event::json::{Object, Strictness, Value, parse_object, to_text, write_object_without};

/// What signatures do not cover.
const UNSIGNED: [&str; 2] = ["signatures", "unsigned"];

/// Base64 as clients write it: without padding, or with it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A JSON object that may be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignedObject(Object);

impl SignedObject {
    /// Reads an object; none if the text is none, or longer than `bytes_max`, or has no canonical form.
    pub(crate) fn parse(text: &str, bytes_max: usize) -> Option<Self> {
        if text.len() > bytes_max {
            return None;
        }
        parse_object(text, Strictness::Strict).ok().map(Self)
    }

    /// Reads an object that was checked before it was stored.
    pub(crate) fn stored(text: &str) -> Option<Self> {
        Self::parse(text, usize::MAX)
    }

    /// The canonical text.
    pub(crate) fn to_text(&self) -> String {
        to_text(&self.0)
    }

    pub(crate) fn member(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    pub(crate) fn insert(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// The strings of the object that is a member; none if it is not an object of strings.
    pub(crate) fn texts(&self, name: &str) -> Option<Vec<(&str, &str)>> {
        let members = self.0.get(name)?.as_object()?;
        members.iter().map(|(key, value)| Some((key.as_str(), value.as_str()?))).collect()
    }

    /// The part that signatures cover.
    pub(crate) fn signed_text(&self) -> String {
        let mut text = String::new();
        write_object_without(&self.0, &UNSIGNED, &mut text);
        text
    }

    /// The signatures of a user on this object, by key id.
    pub(crate) fn signatures_of(&self, user_id: &str) -> impl Iterator<Item = (&str, &str)> {
        let by_user = self.0.get("signatures").and_then(Value::as_object);
        let by_key = by_user.and_then(|by_user| by_user.get(user_id)).and_then(Value::as_object);
        by_key
            .into_iter()
            .flatten()
            .filter_map(|(key_id, signature)| Some((key_id.as_str(), signature.as_str()?)))
    }

    /// The signature of a user by one key.
    pub(crate) fn signature(&self, user_id: &str, key_id: &str) -> Option<&str> {
        self.signatures_of(user_id).find(|(id, _)| *id == key_id).map(|(_, signature)| signature)
    }

    /// Whether a user has signed this object by a key.
    pub(crate) fn is_signed_by(&self, user_id: &str, key_id: &str, key: &[u8; 32]) -> bool {
        self.signature(user_id, key_id)
            .is_some_and(|signature| is_signature(key, signature, &self.signed_text()))
    }

    /// Adds a signature.
    pub(crate) fn add_signature(&mut self, user_id: &str, key_id: &str, signature: &str) {
        let mut signatures = match self.0.remove("signatures") {
            Some(Value::Object(signatures)) => signatures,
            _ => Object::new(),
        };
        let mut of_user = match signatures.remove(user_id) {
            Some(Value::Object(of_user)) => of_user,
            _ => Object::new(),
        };
        of_user.insert(key_id.to_owned(), signature.into());
        signatures.insert(user_id.to_owned(), Value::Object(of_user));
        self.insert("signatures", Value::Object(signatures));
    }

    /// The one key of a cross-signing key: its id, and its public half as it is written.
    pub(crate) fn only_key(&self) -> Option<(&str, &str)> {
        match self.texts("keys")?.as_slice() {
            [(key_id, key)] => Some((key_id, key)),
            _ => None,
        }
    }
}

/// The bytes of a public key.
pub(crate) fn key_bytes(text: &str) -> Option<[u8; 32]> {
    BASE64.decode(text).ok()?.try_into().ok()
}

/// Whether a signature over a text was made with the private half of `key`.
pub(crate) fn is_signature(key: &[u8; 32], signature: &str, text: &str) -> bool {
    let signature: Option<[u8; 64]> = BASE64.decode(signature).ok().and_then(|bytes| bytes.try_into().ok());
    let (Some(signature), Ok(key)) = (signature, VerifyingKey::from_bytes(key)) else {
        return false;
    };
    // Strict, as in libsodium: no keys of small order, for which anything may be a signature.
    key.verify_strict(text.as_bytes(), &Signature::from_bytes(&signature)).is_ok()
}
