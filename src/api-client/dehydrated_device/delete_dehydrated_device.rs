//! `DELETE /_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device` — removes the device one has left.
//! <https://github.com/matrix-org/matrix-spec-proposals/pull/3814>

use kith_api_common::{ApiError, Call};
use ruma::api::client::dehydrated_device::delete_dehydrated_device::unstable::{Request, Response};

pub(crate) fn handler(call: &Call, _: Request) -> Result<Response, ApiError> {
    let device_id = call.app.e2ee.delete_dehydrated_device(call.requester()?.user)?;
    Ok(Response { device_id: device_id.into() })
}
