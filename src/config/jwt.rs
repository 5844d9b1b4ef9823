//! `[jwt]`: logging in with a token that another program has signed.

use std::path::PathBuf;

use crate::Secret;
use serde::{Deserialize, Serialize};

/// Logging in with a JSON Web Token that another program has signed (`org.matrix.login.jwt`). Whoever has the key
/// can log in as anybody. On if there is the secret or the key that the algorithm needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Jwt {
    /// How tokens are signed: "HS256" with the secret, "RS256" or "ES256" with the private key to the public key below.
    pub algorithm: JwtAlgorithm,

    /// The shared secret, for HS256. At least 32 characters.
    ///
    /// Example: "a long random text that nobody can guess"
    pub secret: Option<Secret>,

    /// A PEM file with the public key, for RS256 and ES256.
    ///
    /// Example: "/etc/kith/jwt.pem"
    pub public_key: Option<PathBuf>,

    /// The claim with the user name.
    pub subject_claim: String,

    /// The issuer that tokens have to name, if any.
    ///
    /// Example: "https://id.example.org"
    pub issuer: Option<String>,

    /// The audiences of which tokens have to name one; none: tokens name no audience.
    pub audiences: Vec<String>,

    /// Make an account for whoever has none yet.
    pub register: bool,
}

/// How tokens are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JwtAlgorithm {
    /// HMAC with SHA-256.
    #[serde(rename = "HS256")]
    Hs256,
    /// RSA (PKCS#1) with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
}

impl Default for Jwt {
    fn default() -> Jwt {
        Jwt {
            algorithm: JwtAlgorithm::Hs256,
            secret: None,
            public_key: None,
            subject_claim: "sub".to_owned(),
            issuer: None,
            audiences: Vec::new(),
            register: true,
        }
    }
}

impl Jwt {
    /// Whether one can log in so.
    pub fn is_on(&self) -> bool {
        match self.algorithm {
            JwtAlgorithm::Hs256 => self.secret.is_some(),
            JwtAlgorithm::Rs256 | JwtAlgorithm::Es256 => self.public_key.is_some(),
        }
    }
}
