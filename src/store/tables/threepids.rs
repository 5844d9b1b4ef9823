//! `threepids`, `threepid_owners`, `threepid_validations`, `threepid_bindings`: email addresses and telephone numbers.

use serde::{Deserialize, Serialize};

use super::tokens::Hash;
use crate::{catalog::families, record, sids::UserSid, table::Table};

/// `(user, medium, address) → when it was added`.
pub static THREEPIDS: Table<(UserSid, String, String), ThreepidRecord> = Table::new(families::THREEPIDS);
/// `(medium, address) → whose it is`.
pub static THREEPID_OWNERS: Table<(String, String), UserSid> = Table::new(families::THREEPID_OWNERS);
/// `hash of the session id → an address on its way to being validated`.
pub static THREEPID_VALIDATIONS: Table<Hash, ValidationRecord> = Table::new(families::THREEPID_VALIDATIONS);

/// `(user, medium, address, identity server) → ()`: which identity servers have been told whose the address is.
pub static THREEPID_BINDINGS: Table<(UserSid, String, String, String), ()> =
    Table::new(families::THREEPID_BINDINGS);

/// An address of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreepidRecord {
    /// When it was validated, in unix milliseconds.
    pub validated_ms: u64,
    /// When it was added, in unix milliseconds.
    pub added_ms: u64,
}
record!(ThreepidRecord, 1);

/// Somebody shows that an address is theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidationRecord {
    /// What the address is validated for; the discriminant never changes.
    pub purpose: ValidationPurpose,
    /// The hash of the secret that the client chose.
    pub client_secret: Hash,
    /// The hashes of the tokens that were sent to the address, one for each mail.
    pub tokens: Vec<Hash>,
    /// "email" or "msisdn".
    pub medium: String,
    /// The address.
    pub address: String,
    /// How often the client has asked for a message so far.
    pub send_attempt: u64,
    /// Where whoever brings the token back goes next.
    pub next_link: Option<String>,
    /// When a token came back, in unix milliseconds.
    pub validated_ms: Option<u64>,
    /// When all this is forgotten, in unix milliseconds.
    pub expires_ms: u64,
}
record!(ValidationRecord, 1);

/// What an address is validated for. A proof for one purpose is none for another: the mail says what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum ValidationPurpose {
    /// Making an account.
    Register = 0,
    /// Setting a new password instead of a forgotten one.
    ResetPassword = 1,
    /// Giving an address to an account.
    AddAddress = 2,
}
