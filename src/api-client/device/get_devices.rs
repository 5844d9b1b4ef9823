//! `GET /_matrix/client/v3/devices` — one's devices.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3devices>

use kith_api_common::{ApiError, Call};
use ruma::api::client::device::get_devices::v3::{Request, Response};

use super::shown;

pub(crate) fn handler(call: &Call, _: Request) -> Result<Response, ApiError> {
    let devices = call.app.accounts.list_devices(call.requester()?.user)?;
    Ok(Response { devices: devices.into_iter().map(shown).collect() })
}
