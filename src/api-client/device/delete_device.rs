//! `DELETE /_matrix/client/v3/devices/{deviceId}` — ends a device's session.
//! <https://spec.matrix.org/v1.19/client-server-api/#delete_matrixclientv3devicesdeviceid>

use kith_api_common::{ApiError, Call, json::Own};
use ruma::api::client::device::delete_device::v3::{self, Response};

use crate::{authorize::authorize, lenient::Lenient};

type Request = Own<v3::Request, Lenient<v3::Request>, Response>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let request = request.request.0;
    let requester = call.requester()?;
    let device_id = request.device_id.as_str();
    authorize(call, requester, &format!("delete_devices {device_id}"), request.auth.as_ref())?;
    call.app.accounts.delete_devices(requester.user, &[device_id])?;
    Ok(Response {})
}
