//! `POST /_matrix/client/v3/delete_devices` — ends the sessions of several devices.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3delete_devices>

use std::collections::BTreeSet;

use kith_api_common::{ApiError, Call, json::Own};
use ruma::api::client::device::delete_devices::v3::{self, Response};

use crate::{authorize::authorize, lenient::Lenient};

type Request = Own<v3::Request, Lenient<v3::Request>, Response>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let request = request.request.0;
    let requester = call.requester()?;
    let device_ids: BTreeSet<&str> = request.devices.iter().map(|device| device.as_str()).collect();
    let device_ids: Vec<&str> = device_ids.into_iter().collect();
    authorize(call, requester, &format!("delete_devices {}", device_ids.join("\n")), request.auth.as_ref())?;
    call.app.accounts.delete_devices(requester.user, &device_ids)?;
    Ok(Response {})
}
