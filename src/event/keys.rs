//! The server's signing key: made from random bytes, kept as text, used to sign events and other objects.
//!
//! Where the key is stored and when it is replaced is not decided here.
//! <https://spec.matrix.org/v1.19/appendices/#signing-json>

#[cfg(test)]
mod tests;

use std::fmt;

use ruma::{
    CanonicalJsonObject, ServerName,
    signatures::{Ed25519KeyPair, KeyPair as _},
};

use crate::hash;

/// An ed25519 key and its name.
pub struct SigningKey {
    seed: [u8; 32],
    pair: Ed25519KeyPair,
}

/// Why a text is not a signing key, or a name not a key's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Key names are made of ASCII letters, digits and underscores.
    #[error("the name of a key is 1 to {KEY_VERSION_BYTES_MAX} of the characters a-z, A-Z, 0-9 and _")]
    Version,
    /// The text is not `ed25519 <version> <seed>`.
    #[error("not of the form `ed25519 <version> <base64 of 32 bytes>`")]
    Text,
}

/// How long the name of a key may be.
pub const KEY_VERSION_BYTES_MAX: usize = 64;

impl SigningKey {
    /// Makes a key from 32 bytes that must be random.
    pub fn generate(random: [u8; 32], version: &str) -> Result<Self, KeyError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if version.is_empty() || version.len() > KEY_VERSION_BYTES_MAX || !version.bytes().all(allowed) {
            return Err(KeyError::Version);
        }
        let oid = ed25519_dalek::pkcs8::ALGORITHM_OID;
        let pair = Ed25519KeyPair::new(oid, &random, None, version.to_owned())
            .expect("32 bytes are always the seed of an ed25519 key");
        Ok(Self { seed: random, pair })
    }

    /// Reads a key from the line that `to_text` writes, which is also what Synapse keeps in its `signing.key`.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        let mut words = text.split_ascii_whitespace();
        let (Some("ed25519"), Some(version), Some(seed), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(KeyError::Text);
        };
        let seed = hash::from_base64(seed).and_then(|seed| seed.try_into().ok()).ok_or(KeyError::Text)?;
        Self::generate(seed, version)
    }

    /// The key as one line, secret included: `ed25519 <version> <seed in base64>`.
    pub fn to_text(&self) -> String {
        format!("ed25519 {} {}", self.version(), hash::to_base64(&self.seed))
    }

    /// The name of the key, without the algorithm.
    pub fn version(&self) -> &str {
        self.pair.version()
    }

    /// The name of the key as signatures carry it: `ed25519:<version>`.
    pub fn id(&self) -> String {
        format!("ed25519:{}", self.version())
    }

    /// The public half.
    pub fn public_key(&self) -> [u8; 32] {
        self.pair.public_key()
    }

    /// The public half as other servers are told it.
    pub fn public_key_base64(&self) -> String {
        hash::to_base64(&self.public_key())
    }

    /// The key as ruma takes it, to sign requests with.
    pub fn pair(&self) -> &Ed25519KeyPair {
        &self.pair
    }

    /// Signs bytes; the signature is in base64.
    pub fn sign(&self, bytes: &[u8]) -> String {
        self.pair.sign(bytes).base64()
    }

    /// Adds the signature of a server to an object that is not an event. Signatures already there stay.
    pub fn sign_json(&self, server: &ServerName, object: &mut CanonicalJsonObject) -> Result<(), SignError> {
        ruma::signatures::sign_json(server.as_str(), &self.pair, object)
            .map_err(|error| SignError(error.to_string()))
    }
}

/// Why an object cannot be signed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("cannot be signed: {0}")]
pub struct SignError(String);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The seed must not reach a log.
        write!(f, "SigningKey({})", self.id())
    }
}
