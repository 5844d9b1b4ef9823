//! `GET /_matrix/client/v3/thirdparty/location` — the rooms of other networks that an alias stands for.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3thirdpartylocation>

use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use ruma::api::client::thirdparty::get_location_for_room_alias::v3;
use serde_json::Value;

pub(crate) async fn handler(
    call: Call,
    request: Answered<v3::Request, Json<Vec<Value>>>,
) -> Result<Json<Vec<Value>>, ApiError> {
    Ok(Json::ok(call.app.bridges.locations_of_alias(&request.request.alias).await))
}
