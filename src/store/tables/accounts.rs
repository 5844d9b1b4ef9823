//! `accounts`, `account_numbers`, `departures`: the users of this server.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{catalog::families, record, sids::UserSid, table::Table};

/// `user → the account`, for users of this server only.
pub static ACCOUNTS: Table<UserSid, AccountRecord> = Table::new(families::ACCOUNTS);
/// `name of a series → the last number given out`: the localparts of guests and of users who asked for no name.
pub static ACCOUNT_NUMBERS: Table<String, u64> = Table::new(families::ACCOUNT_NUMBERS);
/// `user → ()`: deactivated users who still have rooms to leave.
pub static DEPARTURES: Table<UserSid, ()> = Table::new(families::DEPARTURES);

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRecord {
    /// What sort of account it is.
    pub kind: AccountKind,
    /// When it was made, in unix milliseconds.
    pub created_ms: u64,
    /// The hash of the password, if the account has one.
    pub password: Option<PasswordHash>,
    /// The user administrates this server.
    pub admin: bool,
    /// The account was closed for good; its name stays taken.
    pub deactivated: bool,
    /// The user asked at deactivation that what they wrote be shown to nobody new.
    pub erased: bool,
    /// An administrator locked the account: nothing but logging out is possible.
    pub locked: bool,
    /// An administrator suspended the account: it may read, and little else.
    pub suspended: bool,
    /// `user_type` of the admin API: "bot" or "support".
    pub user_type: Option<String>,
    /// The version of the terms the user agreed to.
    pub terms: Option<String>,
    /// The rate for messages that an administrator gave the user.
    pub rate_limit: Option<RateLimitOverride>,
}
record!(AccountRecord, 1);

/// What sort of account it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountKind {
    /// A person or a bot.
    User,
    /// Somebody who looks around.
    Guest,
    /// A user of the application service with this id.
    Appservice(String),
}

/// The hash of a password, with its algorithm and salt. Its `Debug` form hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordHash(…)")
    }
}

/// A rate of a user's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimitOverride {
    /// Messages a second in the long run; 0 lifts the limit.
    pub messages_per_second: u32,
    /// Messages at once.
    pub burst_count: u32,
}
