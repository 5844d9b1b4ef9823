//! A service says that somebody has logged out there: the devices that came of that session end here too.
//! <https://openid.net/specs/openid-connect-backchannel-1_0.html>

use std::sync::Arc;

use serde_json::Value;

use crate::{OidcError, Sso, SsoError};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

impl Sso {
    /// Ends what a logout token names. Returns how many devices went.
    pub async fn logout_from_outside(
        self: &Arc<Self>,
        provider: &str,
        token: &str,
    ) -> Result<usize, SsoError> {
        let provider = self.find_provider(provider).ok_or(SsoError::UnknownProvider)?;
        // Before the standard was final, logout tokens had no end.
        let claims = provider.verify(self, token, true).await?;
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
}
