//! Who is asking.

use std::sync::Arc;

use kith_store::{UserSid, tables::accounts::RateLimitOverride};
use ruma::{OwnedDeviceId, OwnedUserId};

use crate::{Appservice, TokenHash};

/// Somebody who has shown a valid access token.
#[derive(Clone, Debug)]
pub struct Requester {
    /// The user.
    pub user: UserSid,
    /// The user's id.
    pub user_id: OwnedUserId,
    /// The device, unless the token belongs to none.
    pub device_id: Option<OwnedDeviceId>,
    /// The token, hashed: tells the sessions of a user apart even where there is no device.
    pub token: TokenHash,
    /// A guest may do little.
    pub guest: bool,
    /// The user administrates this server.
    pub admin: bool,
    /// The user may read, and do little else; the verbs that write check it.
    pub suspended: bool,
    /// The account is locked; only logging out gets this far.
    pub locked: bool,
    /// The application service that acts as this user, if one does.
    pub appservice: Option<Arc<Appservice>>,
    /// A rate of the user's own, given by an administrator.
    pub rate_limit_override: Option<RateLimitOverride>,
}

impl Requester {
    /// Whether nothing that this requester does is counted against the rate limits.
    pub fn is_uncounted(&self) -> bool {
        let service = self.appservice.as_ref();
        service.is_some_and(|service| !service.rate_limited || service.sender == self.user_id)
    }
}
