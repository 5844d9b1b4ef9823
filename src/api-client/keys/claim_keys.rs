//! `POST /_matrix/client/v3/keys/claim` — takes one-time keys of devices.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysclaim>

use kith_api_common::{
    ApiError, Call, Limit,
    json::{Answered, Json},
};
use kith_e2ee::{ClaimedKeys, KeysWanted};
use ruma::api::client::keys::claim_keys::v3;

use super::{WithFailures, get_keys::milliseconds};

type Response = Json<WithFailures<ClaimedKeys>>;
type Request = Answered<v3::Request, Response>;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let request = request.request;
    call.limit(Limit::Keys)?;
    let wanted: KeysWanted = request
        .one_time_keys
        .into_iter()
        .map(|(user_id, devices)| {
            let devices = devices.into_iter();
            (
                user_id,
                devices.map(|(device, algorithm)| (device.to_string(), algorithm.to_string())).collect(),
            )
        })
        .collect();
    let mut keys = call.app.e2ee.claim_keys(wanted, request.timeout.map(milliseconds)).await?;
    Ok(Json::ok(WithFailures { failures: std::mem::take(&mut keys.failures), keys }))
}
