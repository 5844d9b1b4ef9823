//! `GET /_matrix/key/v2/server` — the keys of this server.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixkeyv2server>

use kith_api_common::{
    ApiError, Call,
    json::{Empty, Own},
};
use ruma::{
    api::federation::discovery::get_server_keys::v2::{Request as Endpoint, Response},
    serde::Raw,
};

/// Read without its path, which in its older form has an argument more.
type Request = Own<Endpoint, Empty, Response>;

pub(crate) fn handler(call: &Call, _: Request) -> Result<Response, ApiError> {
    super::need_federation(call)?;
    Ok(Response { server_key: Raw::from_json(call.app.peers.own_keys()) })
}
