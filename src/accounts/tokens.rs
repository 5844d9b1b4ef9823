//! Secrets that this server gives out: how they look and how they are stored.

use std::fmt;

use kith_base::Random;
use kith_config::Secret;
use kith_store::tables::tokens::Hash;
use sha2::{Digest, Sha256};

/// How many random characters a token has: just under six bits each.
const TOKEN_CHARACTERS: usize = 43;

/// The SHA-256 of a token. It is no secret, yet it has no place in a log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash(pub [u8; 32]);

impl TokenHash {
    /// The hash of a token.
    pub fn of(token: &str) -> Self {
        Self(hash(token))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenHash(…)")
    }
}

/// What a token is for; its first letters say so, for people and for programs that look for leaked secrets.
#[derive(Clone, Copy)]
pub(crate) enum TokenText {
    Access,
    Refresh,
    Login,
    OpenId,
    Nonce,
}

/// A new token and its hash.
pub(crate) fn generate(random: &Random, text: TokenText) -> (Secret, Hash) {
    let prefix = match text {
        TokenText::Access => "kat_",
        TokenText::Refresh => "krt_",
        TokenText::Login => "klt_",
        TokenText::OpenId => "kot_",
        TokenText::Nonce => "kno_",
    };
    let token = format!("{prefix}{}", random.alphanumeric(TOKEN_CHARACTERS));
    let hash = hash(&token);
    (Secret::new(token), hash)
}

pub(crate) fn hash(token: &str) -> Hash {
    Sha256::digest(token.as_bytes()).into()
}
