//! `GET /_matrix/client/v3/devices` — one's devices.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3devices>

use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use ruma::api::client::device::get_devices::v3;
use serde::Serialize;

use super::Shown;

type Request = Answered<v3::Request, Json<Response>>;

#[derive(Debug, Serialize)]
pub(crate) struct Response {
    devices: Vec<Shown>,
}

pub(crate) fn handler(call: &Call, _: Request) -> Result<Json<Response>, ApiError> {
    let devices = call.app.accounts.list_devices(call.requester()?.user)?;
    Ok(Json::ok(Response { devices: devices.into_iter().map(Shown::from).collect() }))
}
