//! `GET /_matrix/client/v3/pushrules/` — all push rules.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3pushrules>

use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use ruma::api::client::push::get_pushrules_all::v3;
use serde_json::Value;

type Request = Answered<v3::Request, Json<Value>>;

pub(crate) fn handler(call: &Call, _: Request) -> Result<Json<Value>, ApiError> {
    let requester = call.requester()?;
    Ok(Json::ok(call.app.push.rules_as_written(requester)?))
}
