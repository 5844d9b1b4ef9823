//! `POST /_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device/{deviceId}/events` — what the device one has
//! left was sent.
//! <https://github.com/matrix-org/matrix-spec-proposals/pull/3814>

use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use kith_e2ee::DehydratedEvents;
use ruma::api::client::dehydrated_device::get_events::unstable;

type Request = Answered<unstable::Request, Json<DehydratedEvents>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<DehydratedEvents>, ApiError> {
    let request = request.request;
    let (device_id, token) = (request.device_id.as_str(), request.next_batch.as_deref());
    Ok(Json::ok(call.app.e2ee.dehydrated_events(call.requester()?.user, device_id, token)?))
}
