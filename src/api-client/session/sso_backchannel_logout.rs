//! `POST /_matrix/client/unstable/sso/backchannel_logout/{idpId}` — a service says that somebody has logged out there.
//! <https://spec.matrix.org/v1.19/client-server-api/#client-login-via-sso>

use axum::response::{IntoResponse, Response};
use http::header;
use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{api::auth_scheme::NoAccessToken, metadata};
use serde_json::Value;

use crate::pages::Fields;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: POST,
    rate_limited: true,
    authentication: NoAccessToken,
    path: "/_matrix/client/unstable/sso/backchannel_logout/{idp_id}",
}

type Request = Own<Endpoint, Fields, Json<Value>>;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    // Not counted: all logouts of a service come from one address, and who has no key of it ends nothing.
    let fields = request.request;
    let (provider, token) = (fields.get("path0")?, fields.get("logout_token")?);
    let count = call.app.sso.logout_from_outside(provider, token).await.map_err(|error| {
        tracing::info!(provider, %error, "a logout token was refused");
        ApiError::invalid_param("The logout token is not to be believed")
    })?;
    tracing::info!(provider, count, "devices were logged out by the service their owners logged in with");
    Ok([(header::CACHE_CONTROL, "no-store")].into_response())
}
