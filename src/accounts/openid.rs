//! OpenID tokens: a user shows one to a third party, which asks this server whose it is.
//! <https://spec.matrix.org/v1.19/client-server-api/#openid>

use std::time::Duration;

use kith_config::Secret;
use kith_store::{
    Error, UserSid,
    tables::tokens::{Purpose, SHORT_TOKENS},
};
use ruma::OwnedUserId;

use crate::{
    Accounts,
    tokens::{self, TokenText},
};

const LIFETIME: Duration = Duration::from_secs(3600);

/// A token to show to a third party.
#[derive(Clone, Debug)]
pub struct OpenIdToken {
    /// The token.
    pub token: Secret,
    /// How long it is valid.
    pub expires_in: Duration,
}

impl Accounts {
    /// Makes a token that says who the user is, and lets nobody do anything.
    pub fn create_openid_token(&self, user: UserSid) -> Result<OpenIdToken, Error> {
        let token = self.create_short_token(Purpose::OpenId, TokenText::OpenId, Some(user), LIFETIME)?;
        Ok(OpenIdToken { token, expires_in: LIFETIME })
    }

    /// Whose token a third party was shown, if it is valid.
    pub fn find_openid_user(&self, token: &str) -> Result<Option<OwnedUserId>, Error> {
        let key = (Purpose::OpenId as u8, tokens::hash(token));
        let Some(record) = SHORT_TOKENS.get(self.read(), &key)? else {
            return Ok(None);
        };
        match record.user {
            Some(user) if record.expires_ms > self.now_ms() => {
                let account = self.account(user)?;
                Ok(account.filter(|account| !account.deactivated).map(|account| account.user_id))
            }
            _ => Ok(None),
        }
    }
}
