//! `[accounts]`: sessions and how long they last.

use serde::{Deserialize, Serialize};

/// Sessions and how long they last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Accounts {
    /// How many seconds an access token is valid in a session that can renew it (the client asked for a refresh
    /// token). Sessions without a refresh token keep their token until they log out. At least 60.
    pub access_token_lifetime_seconds: u64,

    /// How many seconds the one-time token is valid that logs in a second device (`POST /login/get_token`). At
    /// least 10.
    pub login_token_lifetime_seconds: u64,
}

impl Default for Accounts {
    fn default() -> Accounts {
        Accounts { access_token_lifetime_seconds: 3_600, login_token_lifetime_seconds: 120 }
    }
}
