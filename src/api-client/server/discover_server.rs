//! `GET /.well-known/matrix/server` — where other servers find this one.
//! <https://spec.matrix.org/v1.19/server-server-api/#getwell-knownmatrixserver>

use kith_api_common::{ApiError, Call};
use ruma::{
    ServerName,
    api::federation::discovery::discover_homeserver::{Request, Response},
};

pub(crate) fn handler(call: &Call, _: Request) -> Result<Response, ApiError> {
    let configured = call.app.config.well_known.server.as_deref();
    let server = configured.and_then(|server| ServerName::parse(server).ok());
    let server = server.ok_or_else(|| ApiError::not_found("This server is reached under its own name"))?;
    Ok(Response { server })
}
