//! `uia_sessions`, `registration_tokens`: user-interactive authentication between two requests, and invitations to
//! register.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::tokens::Hash;
use crate::{catalog::families, record, sids::UserSid, table::Table};

/// `hash of the session id → session`.
pub static UIA_SESSIONS: Table<Hash, UiaSessionRecord> = Table::new(families::UIA_SESSIONS);
/// `hash of the token → registration token`.
pub static REGISTRATION_TOKENS: Table<Hash, RegistrationTokenRecord> =
    Table::new(families::REGISTRATION_TOKENS);

/// Somebody on the way through the stages of one operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UiaSessionRecord {
    /// The operation that the session was begun for; it is good for no other.
    pub operation: String,
    /// Who began it, if they were logged in.
    pub user: Option<UserSid>,
    /// The parameters of the operation as the client last gave them, as JSON, without any secret.
    pub parameters: String,
    /// The stages completed so far.
    pub completed: Vec<String>,
    /// The registration token that counts as in use until the session ends.
    pub registration_token: Option<Hash>,
    /// The address that the email stage has proved.
    pub email: Option<String>,
    /// When the session ends, in unix milliseconds.
    pub expires_ms: u64,
}
record!(UiaSessionRecord, 1);

/// Whoever holds the token may register.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationTokenRecord {
    /// The token itself: administrators look it up to hand it out.
    pub token: String,
    /// How often it may be used; without limit if unset.
    pub uses_allowed: Option<u64>,
    /// Registrations with it that are under way.
    pub pending: u64,
    /// Registrations with it that were completed.
    pub completed: u64,
    /// When it expires, in unix milliseconds.
    pub expires_ms: Option<u64>,
}
record!(RegistrationTokenRecord, 1);

impl fmt::Debug for RegistrationTokenRecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RegistrationTokenRecord").finish_non_exhaustive()
    }
}
