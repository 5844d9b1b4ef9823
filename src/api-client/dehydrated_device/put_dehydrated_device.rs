//! `PUT /_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device` — leaves a device with the server.
//! <https://github.com/matrix-org/matrix-spec-proposals/pull/3814>

use kith_api_common::{ApiError, Call, Limit};
use kith_e2ee::{KeyUpload, NewDehydratedDevice};
use ruma::api::client::dehydrated_device::put_dehydrated_device::unstable::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    call.limit(Limit::Keys)?;
    let one_time_keys = request.one_time_keys.into_iter();
    let fallback_keys = request.fallback_keys.into_iter();
    let new = NewDehydratedDevice {
        device_id: request.device_id.to_string(),
        device_data: request.device_data.into_json(),
        display_name: request.initial_device_display_name,
        keys: KeyUpload {
            device_keys: Some(request.device_keys.into_json()),
            one_time_keys: one_time_keys.map(|(id, key)| (id.to_string(), key.into_json())).collect(),
            fallback_keys: fallback_keys.map(|(id, key)| (id.to_string(), key.into_json())).collect(),
        },
    };
    call.app.e2ee.put_dehydrated_device(call.full_user()?, &new)?;
    Ok(Response { device_id: request.device_id })
}
