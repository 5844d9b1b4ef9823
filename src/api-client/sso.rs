//! What the pages for logging in elsewhere have in common: sending browsers away, with the cookie that knows them again.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use kith_api_common::{ApiError, Call, Limit};
use kith_sso::{Begun, SsoAim, SsoError};

use crate::pages::{Fields, refusal};

/// Sends a browser to the service where its owner logs in for a client.
pub(crate) async fn send_away(
    call: &Call,
    fields: &Fields,
    provider: Option<&str>,
) -> Result<Response, ApiError> {
    call.limit_by_address(Limit::LoginPerAddress)?;
    let redirect_url = fields.get("redirectUrl")?.to_owned();
    let begun = call.app.sso.begin(provider, SsoAim::Login { redirect_url }).await;
    follow(call, fields, begun)
}

/// The answer that makes a browser go on, or the page that says why it cannot.
pub(crate) fn follow(
    call: &Call,
    fields: &Fields,
    begun: Result<Begun, SsoError>,
) -> Result<Response, ApiError> {
    let begun = match begun {
        Ok(begun) => begun,
        Err(error) => return refusal(fields, "You cannot log in here", error.into()),
    };
    let is_secure = call.app.config.client_base_url().is_some_and(|url| url.starts_with("https://"));
    let cookie = format!(
        "{}={}; Path=/_matrix/client/; Max-Age={}; HttpOnly; SameSite=Lax{}",
        begun.cookie,
        begun.browser_secret.reveal(),
        begun.lifetime.as_secs(),
        if is_secure { "; Secure" } else { "" },
    );
    let headers = [
        (header::LOCATION, begun.location),
        (header::SET_COOKIE, cookie),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((StatusCode::FOUND, headers).into_response())
}
