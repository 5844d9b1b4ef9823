//! `GET /_matrix/client/v3/thirdparty/user` — the users of other networks that a user stands for.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3thirdpartyuser>

use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use ruma::api::client::thirdparty::get_user_for_user_id::v3;
use serde_json::Value;

pub(crate) async fn handler(
    call: Call,
    request: Answered<v3::Request, Json<Vec<Value>>>,
) -> Result<Json<Vec<Value>>, ApiError> {
    Ok(Json::ok(call.app.bridges.users_of_user(&request.request.userid).await))
}
