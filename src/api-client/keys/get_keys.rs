//! `POST /_matrix/client/v3/keys/query` — the devices and keys of users.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysquery>

use std::time::Duration;

use kith_api_common::{
    ApiError, Call, Limit,
    json::{Answered, Json},
};
use kith_e2ee::{DevicesWanted, QueriedKeys};
use ruma::api::client::keys::get_keys::v3;

use super::WithFailures;

type Response = Json<WithFailures<QueriedKeys>>;
type Request = Answered<v3::Request, Response>;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let request = request.request;
    call.limit(Limit::Keys)?;
    let wanted: DevicesWanted = request
        .device_keys
        .into_iter()
        .map(|(user_id, devices)| (user_id, devices.iter().map(ToString::to_string).collect()))
        .collect();
    let timeout_ms = request.timeout.map(milliseconds);
    let mut keys = call.app.e2ee.query_keys(call.requester()?.user, wanted, timeout_ms).await?;
    Ok(Json::ok(WithFailures { failures: std::mem::take(&mut keys.failures), keys }))
}

/// A time to wait as the domain counts it.
pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
