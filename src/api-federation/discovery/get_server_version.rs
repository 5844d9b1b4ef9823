//! `GET /_matrix/federation/v1/version` — the name and version of this program. Clients ask for it, too.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1version>

use kith_api_common::{ApiError, Call};
use ruma::api::federation::discovery::get_server_version::v1::{Request, Response, Server};

pub(crate) fn handler(_: &Call, _: Request) -> Result<Response, ApiError> {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Ok(Response { server: Some(Server { name: Some("Kith".to_owned()), version: Some(version) }) })
}
