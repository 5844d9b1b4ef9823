//! `GET /.well-known/matrix/client` — where clients of this server's domain find it.
//! <https://spec.matrix.org/v1.19/client-server-api/#getwell-knownmatrixclient>

use kith_api_common::{ApiError, Call};
use ruma::api::client::discovery::discover_homeserver::{HomeserverInfo, Request, Response};

use crate::rtc;

pub(crate) fn handler(call: &Call, _: Request) -> Result<Response, ApiError> {
    let base_url = call.app.config.client_base_url();
    let base_url = base_url.ok_or_else(|| ApiError::not_found("This server does not say where it is"))?;
    let homeserver = HomeserverInfo { base_url: base_url.to_owned() };
    Ok(Response { homeserver, identity_server: None, rtc_foci: rtc::configured(&call.app.config) })
}
