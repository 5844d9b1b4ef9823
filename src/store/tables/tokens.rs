//! `access_tokens`, `refresh_tokens`, `device_tokens`, `short_tokens`: what proves who somebody is.
//!
//! No token is stored, only its SHA-256: whoever steals the database cannot log in with it. The tokens are random
//! and long, so a plain hash is enough.

use serde::{Deserialize, Serialize};

use crate::{catalog::families, record, sids::UserSid, table::Table};

/// The SHA-256 of a token.
pub type Hash = [u8; 32];

/// `hash → access token`.
pub static ACCESS_TOKENS: Table<Hash, AccessTokenRecord> = Table::new(families::ACCESS_TOKENS);
/// `hash → refresh token`.
pub static REFRESH_TOKENS: Table<Hash, RefreshTokenRecord> = Table::new(families::REFRESH_TOKENS);
/// `(user, device id, kind, hash) → ()`: the tokens of a device; the device id is empty for tokens without one.
pub static DEVICE_TOKENS: Table<(UserSid, String, u8, Hash), ()> = Table::new(families::DEVICE_TOKENS);
/// `(purpose, hash) → short token`: tokens that are valid for minutes.
pub static SHORT_TOKENS: Table<(u8, Hash), ShortTokenRecord> = Table::new(families::SHORT_TOKENS);

/// What a token of a device is. The discriminant is part of keys and never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum TokenKind {
    /// Goes with every request.
    Access = 0,
    /// Is exchanged for a new pair.
    Refresh = 1,
}

/// What a short token is for. The discriminant is part of keys and never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Purpose {
    /// `m.login.token`.
    Login = 0,
    /// Shown to somebody else, who asks this server whose it is.
    OpenId = 1,
    /// The nonce of a shared-secret registration.
    Nonce = 2,
}

/// An access token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTokenRecord {
    /// Whose.
    pub user: UserSid,
    /// On which device.
    pub device: Option<String>,
    /// When it expires, in unix milliseconds; never, if the session cannot renew it.
    pub expires_ms: Option<u64>,
    /// The pair before this one, until this token is used for the first time.
    pub replaces: Option<Pair>,
}
record!(AccessTokenRecord, 1);

/// A refresh token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshTokenRecord {
    /// Whose.
    pub user: UserSid,
    /// On which device.
    pub device: Option<String>,
    /// The access token that was given out with it.
    pub access: Hash,
    /// The pair it was exchanged for, as long as nobody has used that.
    pub successor: Option<Pair>,
    /// The pair before this one, until this pair is used for the first time.
    pub replaces: Option<Pair>,
}
record!(RefreshTokenRecord, 1);

/// An access token and the refresh token given out with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// The access token.
    pub access: Hash,
    /// The refresh token.
    pub refresh: Hash,
}

/// A token that is valid for minutes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShortTokenRecord {
    /// Whose, if it is about a user.
    pub user: Option<UserSid>,
    /// When it expires, in unix milliseconds.
    pub expires_ms: u64,
}
record!(ShortTokenRecord, 1);
