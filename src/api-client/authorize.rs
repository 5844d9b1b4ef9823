//! The password that an operation asks for beyond the access token, with the limit on guessing it.
//! <https://spec.matrix.org/v1.19/client-server-api/#user-interactive-authentication-api>

use kith_accounts::{Refusal, Requester, UiaError};
use kith_api_common::{ApiError, Call, Limit};
use kith_store::UserSid;
use ruma::api::client::uiaa::AuthData;

/// Lets the requester go on once they have shown their password. `operation` names what is done and to what.
pub(crate) fn authorize(
    call: &Call,
    requester: &Requester,
    operation: &str,
    auth: Option<&AuthData>,
) -> Result<(), ApiError> {
    let (limiter, key) = (&call.app.rate_limiter, account_key(requester.user));
    if matches!(auth, Some(AuthData::Password(_))) {
        limiter.peek(&call.app, Limit::LoginFailedPerAccount, &key)?;
    }
    let authorized = call.app.accounts.authorize(requester, operation, auth);
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
