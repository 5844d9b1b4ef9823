//! `GET /_matrix/client/v3/pushrules/global/` — the push rules of the global scope, which is the only one.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3pushrulesglobal>

use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use ruma::api::client::push::get_pushrules_global_scope::v3;
use serde_json::Value;

type Request = Answered<v3::Request, Json<Value>>;

pub(crate) fn handler(call: &Call, _: Request) -> Result<Json<Value>, ApiError> {
    let requester = call.requester()?;
    Ok(Json::ok(call.app.push.rules_as_written(requester)?["global"].take()))
}
