//! `GET /_matrix/federation/v1/user/devices/{userId}` — all devices of a user of this server, with the number of the last
//! change they include.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1userdevicesuserid>

use kith_api_common::{
    ApiError, PeerCall,
    json::{Answered, Json},
};
use kith_e2ee::UserDevices;
use ruma::api::federation::device::get_devices::v1;

type Request = Answered<v1::Request, Json<UserDevices>>;

pub(crate) fn handler(call: &PeerCall, request: Request) -> Result<Json<UserDevices>, ApiError> {
    let devices = call.app.e2ee.user_devices(&request.request.user_id)?;
    devices.map(Json::ok).ok_or_else(|| ApiError::not_found("There is no such user here"))
}
