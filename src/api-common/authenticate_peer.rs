//! From the signature on a request to the server that sent it.
//! <https://spec.matrix.org/v1.19/server-server-api/#request-authentication>

use http::request::Parts;
use kith_peers::{RequestError, XMatrix};
use ruma::OwnedServerName;

use crate::{ApiError, App, request::Whole};

/// What a request says of its sender, before a byte of its body is read: whoever names no sender, is not talked with,
/// or means another server is refused here.
pub(crate) fn claim(app: &App, parts: &Parts) -> Result<XMatrix, ApiError> {
    if !app.peers.is_enabled() {
        return Err(ApiError::forbidden("Federation is disabled on this server"));
    }
    let claim = XMatrix::from_headers(&parts.headers).map_err(RequestError::Header)?;
    // Servers of old do not name the destination; the signature covers it all the same.
    if let Some(destination) = claim.destination.as_ref().filter(|name| *name != app.rooms.server_name()) {
        return Err(RequestError::Destination(destination.clone()).into());
    }
    if !app.peers.is_allowed(&claim.origin) {
        return Err(ApiError::forbidden(format!("This server does not talk to {}", claim.origin)));
    }
    Ok(claim)
}

/// The sender, if the signature is theirs and covers all of the request.
pub(crate) async fn verify(app: &App, claim: &XMatrix, whole: &Whole) -> Result<OwnedServerName, ApiError> {
    // As it stands in the request line: nothing may be decoded or put in another order before it is compared.
    let uri = whole.parts.uri.path_and_query().map_or("/", |uri| uri.as_str());
    let verified = app.peers.verify_request(claim, &whole.parts.method, uri, &whole.body).await;
    verified.map_err(|error| {
        tracing::debug!(origin = %claim.origin, %error, "a request is not signed rightly");
        error.into()
    })
}
