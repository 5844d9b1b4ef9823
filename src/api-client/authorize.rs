//! The password that an operation asks for beyond the access token, with the limit on guessing it.
//! <https://spec.matrix.org/v1.19/client-server-api/#user-interactive-authentication-api>

use std::sync::Arc;

use kith_accounts::{Refusal, Requester, UiaError};
use kith_api_common::{ApiError, Call, Limit};
use kith_store::UserSid;
use ruma::api::client::uiaa::AuthData;

/// What came with a request to show who asks.
pub(crate) struct Proof {
    auth: Option<AuthData>,
    /// Whose password in it the directory has found right.
    vouched: Option<UserSid>,
}

impl Proof {
    /// Takes the proof that came with a request. Where it is a password that only the directory knows, the directory is
    /// asked.
    pub(crate) async fn take(call: &Call, auth: Option<AuthData>) -> Result<Self, ApiError> {
        let app = &call.app;
        let (Some(AuthData::Password(password)), true) = (&auth, app.sso.has_directory()) else {
            return Ok(Self { auth, vouched: None });
        };
        let user = call.requester()?.user;
        let (accounts, identifier) = (Arc::clone(&app.accounts), password.identifier.clone());
        let find = move || {
            let is_own = accounts.find_by_identifier(&identifier)? == Some(user);
            if is_own && accounts.has_password_in_directory(user)? {
                accounts.name_in_directory(&identifier)
            } else {
                Ok(None)
            }
        };
        let Some(name) = app.tasks.blocking(find).await? else {
            return Ok(Self { auth, vouched: None });
        };
        app.rate_limiter.peek(app, Limit::LoginFailedPerAccount, &account_key(user))?;
        let is_right = app.sso.is_in_directory(&name, &password.password).await?;
        Ok(Self { auth, vouched: is_right.then_some(user) })
    }
}

/// Lets the requester go on once they have shown who they are. `operation` names what is done and to what.
pub(crate) fn authorize(
    call: &Call,
    requester: &Requester,
    operation: &str,
    proof: &Proof,
) -> Result<(), ApiError> {
    let (limiter, key) = (&call.app.rate_limiter, account_key(requester.user));
    let auth = proof.auth.as_ref();
    if matches!(auth, Some(AuthData::Password(_))) {
        limiter.peek(&call.app, Limit::LoginFailedPerAccount, &key)?;
    }
    let authorized = call.app.accounts.authorize(requester, operation, auth, proof.vouched);
    if let Err(UiaError::Challenge(challenge)) = &authorized
        && challenge.refusal == Some(Refusal::WrongPassword)
    {
        limiter.check(&call.app, Limit::LoginFailedPerAccount, &key)?;
    }
    Ok(authorized?)
}

/// What wrong passwords of an account are counted under, wherever they are tried.
pub(crate) fn account_key(user: UserSid) -> String {
    format!("user {}", user.0)
}
