//! A service says that somebody has logged out there: the devices that came of that session end here too.
//! <https://openid.net/specs/openid-connect-backchannel-1_0.html>

use std::sync::Arc;

use serde_json::Value;

use crate::{OidcError, Sso, SsoError, jwt::Claims};

/// How old a logout token may be that says nothing about its end, in seconds.
const ENDLESS_TOKEN_AGE_SECONDS_MAX: u64 = 5 * 60;
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

impl Sso {
    /// Ends what a logout token names. Returns how many devices went.
    pub async fn logout_from_outside(
        self: &Arc<Self>,
        provider: &str,
        token: &str,
    ) -> Result<usize, SsoError> {
        let provider = self.find_provider(provider).ok_or(SsoError::UnknownProvider)?;
        let claims = provider.verify(self, token, true).await?;
        self.check_age(&claims)?;
        let is_logout =
            claims.get("events").and_then(|events| events.get(EVENT)).is_some_and(Value::is_object);
        // A nonce stands in id tokens: one of those must not pass for this.
        if !is_logout || claims.contains_key("nonce") {
            return Err(OidcError::Malformed("logout token").into());
        }
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        let (subject, session) = (text("sub"), text("sid"));
        if subject.is_none() && session.is_none() {
            return Err(OidcError::Malformed("logout token").into());
        }
        let (accounts, id) = (Arc::clone(&self.accounts), provider.settings().id.clone());
        let logout = move || accounts.logout_external(&id, subject.as_deref(), session.as_deref());
        Ok(self.tasks.blocking(logout).await?)
    }

    /// Before the standard was final, logout tokens had no end: such a one counts for a short while only, so that one
    /// that was seen somewhere does not log anybody out for ever.
    fn check_age(&self, claims: &Claims) -> Result<(), OidcError> {
        let issued = claims.get("iat").and_then(Value::as_f64);
        let oldest = (self.clock.now_ms() / 1000).saturating_sub(ENDLESS_TOKEN_AGE_SECONDS_MAX);
        match issued {
            _ if claims.contains_key("exp") => Ok(()),
            Some(issued) if issued >= oldest as f64 => Ok(()),
            _ => Err(OidcError::Malformed("logout token")),
        }
    }
}
