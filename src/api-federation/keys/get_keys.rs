//! `POST /_matrix/federation/v1/user/keys/query` — the devices and keys of users of this server.
//! <https://spec.matrix.org/v1.19/server-server-api/#post_matrixfederationv1userkeysquery>

use kith_api_common::{
    ApiError, PeerCall,
    json::{Answered, Json},
};
use kith_e2ee::{DevicesWanted, QueriedKeys};
use ruma::api::federation::keys::get_keys::v1;

type Request = Answered<v1::Request, Json<QueriedKeys>>;

pub(crate) fn handler(call: &PeerCall, request: Request) -> Result<Json<QueriedKeys>, ApiError> {
    let wanted: DevicesWanted = request
        .request
        .device_keys
        .into_iter()
        .map(|(user_id, devices)| (user_id, devices.iter().map(ToString::to_string).collect()))
        .collect();
    Ok(Json::ok(call.app.e2ee.query_local(&wanted)?))
}
