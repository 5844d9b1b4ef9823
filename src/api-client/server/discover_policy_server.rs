//! `GET /.well-known/matrix/policy_server` — with which key the policy server of this name signs.
//! <https://spec.matrix.org/v1.19/client-server-api/#getwell-knownmatrixpolicy_server>

use kith_api_common::{
    ApiError, Call,
    json::{Empty, Json, Own},
};
use ruma::api::client::discovery::discover_policy_server;
use serde_json::{Value, json};

type Request = Own<discover_policy_server::Request, Empty, Json<Value>>;

pub(crate) fn handler(call: &Call, _: Request) -> Result<Json<Value>, ApiError> {
    let key = call.app.config.well_known.policy_server_key.as_deref();
    let key = key.ok_or_else(|| ApiError::not_found("There is no policy server of this name"))?;
    Ok(Json::ok(json!({ "public_keys": { "ed25519": key } })))
}
