//! JSON Web Tokens: signatures by ring, claims by the clock. <https://www.rfc-editor.org/rfc/rfc7519>
//!
//! Only what logging in needs of them: the compact form, signed. The algorithm is never the token's choice: a key is of
//! one kind, and whoever verifies names what they accept. The cryptography is ring's; what the libraries for tokens would
//! add to it is the little below, and with their own cryptography they bring an older generation of crates that are
//! here already.

mod keys;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use kith_config::JwtAlgorithm;
use serde::Deserialize;
use serde_json::{Map, Value};

pub(crate) use keys::{Key, KeySet};

/// How much another machine's clock may be wrong, in seconds.
const LEEWAY_SECONDS: u64 = 30;
/// How long a token may be, in bytes.
const TOKEN_BYTES_MAX: usize = 16 * 1024;

/// What a token says.
pub(crate) type Claims = Map<String, Value>;

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JwtError {
    #[error("the token is malformed")]
    Malformed,
    #[error("the token is signed in a way that is not accepted")]
    Algorithm,
    #[error("the token's signature is wrong")]
    Signature,
    #[error("the claim {0:?} is missing or is not as expected")]
    Claim(&'static str),
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    Early,
}

/// A token that has been read, and not been believed yet.
pub(crate) struct Token<'a> {
    pub(crate) algorithm: JwtAlgorithm,
    /// The name of the key it is signed with.
    pub(crate) key_id: Option<String>,
    signed: &'a str,
    claims: &'a str,
    signature: Vec<u8>,
}

/// What a token has to say to be believed.
pub(crate) struct Expected<'a> {
    pub(crate) algorithms: &'a [JwtAlgorithm],
    pub(crate) issuer: Option<&'a str>,
    /// One of these; where there is none, the token may name no audience.
    pub(crate) audiences: &'a [String],
    /// Whether a token without an end is believed.
    pub(crate) may_be_endless: bool,
}

#[derive(Deserialize)]
struct Header {
    alg: JwtAlgorithm,
    kid: Option<String>,
    /// Extensions that whoever reads the token has to understand.
    crit: Option<Value>,
}

impl<'a> Token<'a> {
    /// Reads the compact form.
    pub(crate) fn read(text: &'a str) -> Result<Self, JwtError> {
        if text.len() > TOKEN_BYTES_MAX {
            return Err(JwtError::Malformed);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(JwtError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(JwtError::Malformed)?;
        let header: Map<String, Value> = decode(header)?;
        // What is signed in a way nobody knows is told apart from what is no token.
        let header: Header =
            serde_json::from_value(Value::Object(header)).map_err(|_| JwtError::Algorithm)?;
        if header.crit.is_some() {
            return Err(JwtError::Algorithm);
        }
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).map_err(|_| JwtError::Malformed)?;
        Ok(Self { algorithm: header.alg, key_id: header.kid, signed, claims, signature })
    }

    /// Believes the token if the key has signed it and it says what is expected; answers its claims.
    pub(crate) fn verify(self, key: &Key, expected: &Expected<'_>, now_ms: u64) -> Result<Claims, JwtError> {
        if !expected.algorithms.contains(&self.algorithm) {
            return Err(JwtError::Algorithm);
        }
        key.verify(self.algorithm, self.signed.as_bytes(), &self.signature)?;
        let claims: Claims = decode(self.claims)?;
        check_time(&claims, expected.may_be_endless, now_ms / 1000)?;
        if expected.issuer.is_some_and(|issuer| claims.get("iss").and_then(Value::as_str) != Some(issuer)) {
            return Err(JwtError::Claim("iss"));
        }
        check_audience(&claims, expected.audiences)?;
        Ok(claims)
    }
}

fn decode(part: &str) -> Result<Map<String, Value>, JwtError> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| JwtError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| JwtError::Malformed)
}

fn check_time(claims: &Claims, may_be_endless: bool, now: u64) -> Result<(), JwtError> {
    // Seconds may have a fraction.
    let time = |name: &'static str| match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_f64().map(|seconds| Some(seconds as u64)).ok_or(JwtError::Claim(name)),
    };
    match time("exp")? {
        Some(end) if end.saturating_add(LEEWAY_SECONDS) <= now => return Err(JwtError::Expired),
        None if !may_be_endless => return Err(JwtError::Claim("exp")),
        _ => {}
    }
    if time("nbf")?.is_some_and(|start| start > now.saturating_add(LEEWAY_SECONDS)) {
        return Err(JwtError::Early);
    }
    Ok(())
}

fn check_audience(claims: &Claims, audiences: &[String]) -> Result<(), JwtError> {
    let is_ours =
        |value: &Value| value.as_str().is_some_and(|name| audiences.iter().any(|ours| ours == name));
    let fits = match claims.get("aud") {
        None => audiences.is_empty(),
        Some(Value::Array(names)) => names.iter().any(is_ours),
        Some(name) => is_ours(name),
    };
    if fits { Ok(()) } else { Err(JwtError::Claim("aud")) }
}

#[cfg(test)]
mod tests;
