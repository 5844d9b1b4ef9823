//! `GET /_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device` — the device one has left.
//! <https://github.com/matrix-org/matrix-spec-proposals/pull/3814>

use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use kith_e2ee::DehydratedDevice;
use ruma::api::client::dehydrated_device::get_dehydrated_device::unstable;

type Request = Answered<unstable::Request, Json<DehydratedDevice>>;

pub(crate) fn handler(call: &Call, _: Request) -> Result<Json<DehydratedDevice>, ApiError> {
    Ok(Json::ok(call.app.e2ee.dehydrated_device(call.requester()?.user)?))
}
