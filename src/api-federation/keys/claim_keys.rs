//! `POST /_matrix/federation/v1/user/keys/claim` — takes one-time keys of devices of this server.
//! <https://spec.matrix.org/v1.19/server-server-api/#post_matrixfederationv1userkeysclaim>

use kith_api_common::{
    ApiError, PeerCall,
    json::{Answered, Json},
};
use kith_e2ee::{ClaimedKeys, KeysWanted};
use ruma::api::federation::keys::claim_keys::v1;

type Request = Answered<v1::Request, Json<ClaimedKeys>>;

pub(crate) fn handler(call: &PeerCall, request: Request) -> Result<Json<ClaimedKeys>, ApiError> {
    let wanted: KeysWanted = request
        .request
        .one_time_keys
        .into_iter()
        .map(|(user_id, devices)| {
            let devices = devices.iter();
            (
                user_id,
                devices.map(|(device, algorithm)| (device.to_string(), algorithm.to_string())).collect(),
            )
        })
        .collect();
    let one_time_keys = call.app.e2ee.claim_local(&wanted)?;
    Ok(Json::ok(ClaimedKeys { one_time_keys, ..ClaimedKeys::default() }))
}
