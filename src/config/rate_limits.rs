//! `[rate_limits]`: how often somebody may do something.

use serde::{Deserialize, Serialize};

/// How often somebody may do something. Each entry is a bucket that holds `burst` actions and is refilled with
/// `per_second`; whoever empties it gets M_LIMIT_EXCEEDED and is told when to try again.
///
/// The defaults let people, bots and calls work unhindered and stop what only programs gone wrong and attackers do.
/// Application services and users with an override from the admin API are not limited.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimits {
    /// False switches every limit off. For tests and load measurements only.
    pub enabled: bool,

    /// Sending messages, state, redactions and to-device messages, per user. A call in Element Call sends about 30
    /// events at once when it starts, a pasted text or a bridge's back-log comes in bursts too.
    pub message: Rate,

    /// Registering, per address. One registration takes two or three requests, and families, schools and offices
    /// share an address.
    pub registration: Rate,

    /// Asking whether a registration token is valid, per address: tokens must not be found by trying.
    pub registration_token: Rate,

    /// Asking for a mail that confirms an address or resets a password, per address of the one who asks.
    pub mail_per_address: Rate,

    /// The same, per address that the mails go to: nobody's mailbox is to be flooded.
    pub mail_per_recipient: Rate,

    /// Logging in, per address, whatever the account.
    pub login_per_address: Rate,

    /// Logging in, per account, whatever the address.
    pub login_per_account: Rate,

    /// Wrong passwords, per account: after a handful of guesses one every 20 seconds.
    pub login_failed_per_account: Rate,

    /// Joining and knocking, per user. Joining a space with its rooms is a burst of some dozens.
    pub join: Rate,

    /// Joins into one room, whoever joins: a flood of new accounts must not drown a room.
    pub join_per_room: Rate,

    /// Invites, per room.
    pub invite_per_room: Rate,

    /// Invites, per invited user: nobody's client is to be drowned in invites.
    pub invite_per_user: Rate,

    /// Invites, per inviting user, over all rooms.
    pub invite_per_issuer: Rate,

    /// Making rooms and spaces, per user. Each is some ten events and stays for ever.
    pub room_creation: Rate,

    /// Changing the display name, avatar or another profile field, per user: each change is sent to every room.
    pub profile: Rate,

    /// Setting presence, per user.
    pub presence: Rate,

    /// Typing notices and read receipts, per user.
    pub ephemeral: Rate,

    /// Uploading, querying and claiming keys, per user.
    pub keys: Rate,

    /// Uploading media, per user.
    pub media: Rate,

    /// Searching messages, per user.
    pub search: Rate,

    /// Searching the user directory, per user; clients search while one types.
    pub user_directory: Rate,

    /// Reporting events, rooms and users, per user.
    pub report: Rate,

    /// Transactions of other servers, per server. From `slow_from` within `window_ms` on, each waits `slow_ms`; from
    /// `reject_from` within it, or waiting, on, the server is refused; `concurrent` of one server are dealt with at the
    /// same time. Well-behaved servers send one after the other and wait for each answer.
    pub federation: FederationRate,
}

/// How fast another server may send transactions. Well-behaved servers send one after the other and wait for each
/// answer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FederationRate {
    /// Over how long transactions are counted, in milliseconds.
    pub window_ms: u64,
    /// From this many within the window on, the server is slowed down.
    pub slow_from: usize,
    /// By how long each transaction then waits, in milliseconds.
    pub slow_ms: u64,
    /// From this many within the window, or waiting, on, the server is refused with M_LIMIT_EXCEEDED.
    pub reject_from: usize,
    /// How many of one server are dealt with at the same time, at least 1.
    pub concurrent: usize,
}

impl Default for FederationRate {
    fn default() -> FederationRate {
        FederationRate { window_ms: 1_000, slow_from: 20, slow_ms: 250, reject_from: 100, concurrent: 3 }
    }
}

/// A bucket's size and how fast it is refilled.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Actions a second in the long run, more than 0.
    pub per_second: f64,
    /// Actions at once, at least 1.
    pub burst: u32,
}

impl Default for RateLimits {
    fn default() -> RateLimits {
        RateLimits {
            enabled: true,
            message: rate(10.0, 50),
            registration: rate(0.2, 20),
            registration_token: rate(0.1, 5),
            mail_per_address: rate(0.02, 10),
            mail_per_recipient: rate(0.003, 5),
            login_per_address: rate(0.2, 20),
            login_per_account: rate(0.1, 10),
            login_failed_per_account: rate(0.05, 5),
            join: rate(0.5, 50),
            join_per_room: rate(2.0, 50),
            invite_per_room: rate(0.3, 20),
            invite_per_user: rate(0.02, 10),
            invite_per_issuer: rate(0.5, 30),
            room_creation: rate(0.05, 20),
            profile: rate(0.1, 10),
            presence: rate(1.0, 10),
            ephemeral: rate(10.0, 50),
            keys: rate(20.0, 100),
            media: rate(10.0, 50),
            search: rate(1.0, 10),
            user_directory: rate(3.0, 30),
            report: rate(0.2, 10),
            federation: FederationRate::default(),
        }
    }
}

fn rate(per_second: f64, burst: u32) -> Rate {
    Rate { per_second, burst }
}
