//! `GET /_matrix/client/v3/thirdparty/user/{protocol}` — the users of a network that fit a search.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3thirdpartyuserprotocol>

use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use ruma::api::client::thirdparty::get_user_for_protocol::v3;
use serde_json::Value;

use super::{fields, no_such_protocol};

pub(crate) async fn handler(
    call: Call,
    request: Answered<v3::Request, Json<Vec<Value>>>,
) -> Result<Json<Vec<Value>>, ApiError> {
    let v3::Request { protocol, fields: query } = request.request;
    let found = call.app.bridges.users(&protocol, fields(&call, query)).await;
    Ok(Json::ok(found.ok_or_else(no_such_protocol)?))
}
