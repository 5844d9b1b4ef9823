//! `GET /_matrix/client/v3/devices/{deviceId}` — one of one's devices.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3devicesdeviceid>

use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use ruma::api::client::device::get_device::v3;

use super::Shown;

type Request = Answered<v3::Request, Json<Shown>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Shown>, ApiError> {
    let requester = call.requester()?;
    let device_id = request.request.device_id;
    let device = call.app.accounts.find_device(requester.user, device_id.as_str())?;
    let device = device.ok_or_else(|| ApiError::not_found("There is no such device"))?;
    Ok(Json::ok(device.into()))
}
