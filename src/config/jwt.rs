//! `[jwt]`: logging in with a token that another program has signed.

use std::path::PathBuf;

use crate::Secret;
use serde::{Deserialize, Serialize};

/// Logging in with a JSON Web Token that another program has signed (`org.matrix.login.jwt`). Whoever has the key
/// can log in as anybody. On if there is the secret or the public key that the algorithm needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Jwt {
    /// How tokens are signed: "HS256", "HS384" or "HS512" with the secret; "RS256", "RS384", "RS512", "PS256", "PS384",
    /// "PS512", "ES256", "ES384" or "EdDSA" with the private key that goes with the public key below.
    pub algorithm: JwtAlgorithm,

    /// The shared secret. At least 32 characters.
    ///
    /// Example: "a long random text that nobody can guess"
    pub secret: Option<Secret>,

    /// A PEM file with the public key ("BEGIN PUBLIC KEY").
    ///
    /// Example: "/etc/kith/jwt.pem"
    pub public_key: Option<PathBuf>,

    /// The claim with the user name.
    pub subject_claim: String,

    /// The claim with the display name of new accounts.
    ///
    /// Example: "name"
    pub display_name_claim: Option<String>,

    /// The issuer that tokens have to name, if any.
    ///
    /// Example: "https://id.example.org"
    pub issuer: Option<String>,

    /// The audiences of which tokens have to name one; none: tokens may name no audience.
    pub audiences: Vec<String>,

    /// Make an account for whoever has none yet.
    pub register: bool,
}

/// How a token is signed. <https://www.rfc-editor.org/rfc/rfc7518#section-3.1>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JwtAlgorithm {
    /// HMAC with SHA-256.
    #[serde(rename = "HS256")]
    Hs256,
    /// HMAC with SHA-384.
    #[serde(rename = "HS384")]
    Hs384,
    /// HMAC with SHA-512.
    #[serde(rename = "HS512")]
    Hs512,
    /// RSA (PKCS#1) with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSA (PKCS#1) with SHA-384.
    #[serde(rename = "RS384")]
    Rs384,
    /// RSA (PKCS#1) with SHA-512.
    #[serde(rename = "RS512")]
    Rs512,
    /// RSA (PSS) with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
    /// RSA (PSS) with SHA-384.
    #[serde(rename = "PS384")]
    Ps384,
    /// RSA (PSS) with SHA-512.
    #[serde(rename = "PS512")]
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// ECDSA on P-384 with SHA-384.
    #[serde(rename = "ES384")]
    Es384,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl JwtAlgorithm {
    /// Whether it signs with a shared secret.
    pub fn is_secret(self) -> bool {
        matches!(self, JwtAlgorithm::Hs256 | JwtAlgorithm::Hs384 | JwtAlgorithm::Hs512)
    }
}

impl Default for Jwt {
    fn default() -> Jwt {
        Jwt {
            algorithm: JwtAlgorithm::Hs256,
            secret: None,
            public_key: None,
            subject_claim: "sub".to_owned(),
            display_name_claim: None,
            issuer: None,
            audiences: Vec::new(),
            register: true,
        }
    }
}
