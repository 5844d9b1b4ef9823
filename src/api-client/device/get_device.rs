//! `GET /_matrix/client/v3/devices/{deviceId}` — one of one's devices.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3devicesdeviceid>

use kith_api_common::{ApiError, Call};
use ruma::api::client::device::get_device::v3::{Request, Response};

use super::shown;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.requester()?;
    let device = call.app.accounts.find_device(requester.user, request.device_id.as_str())?;
    let device = device.ok_or_else(|| ApiError::not_found("There is no such device"))?;
    Ok(Response { device: shown(device) })
}
