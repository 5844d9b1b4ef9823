//! `PUT /_matrix/client/v3/devices/{deviceId}` — names a device; application services make one this way.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3devicesdeviceid>

use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use ruma::api::client::device::update_device::v3;
use serde_json::{Value, json};

type Request = Answered<v3::Request, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let (device_id, name) = (request.request.device_id.as_str(), request.request.display_name.as_deref());
    let made = call.app.accounts.update_device(call.requester()?, device_id, name)?;
    Ok(if made { Json::created(json!({})) } else { Json::ok(json!({})) })
}
