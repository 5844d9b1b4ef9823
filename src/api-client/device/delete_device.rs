//! `DELETE /_matrix/client/v3/devices/{deviceId}` — ends a device's session.
//! <https://spec.matrix.org/v1.19/client-server-api/#delete_matrixclientv3devicesdeviceid>

use kith_api_common::{ApiError, Call, json::Own};
use ruma::api::client::device::delete_device::v3::{self, Response};

use crate::{
    authorize::{Proof, authorize},
    lenient::Lenient,
};

type Request = Own<v3::Request, Lenient<v3::Request>, Response>;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let mut request = request.request.0;
    let proof = Proof::take(&call, request.auth.take()).await?;
    let tasks = call.app.tasks.clone();
    tasks.blocking(move || delete(&call, &request, &proof)).await
}

fn delete(call: &Call, request: &v3::Request, proof: &Proof) -> Result<Response, ApiError> {
    let requester = call.requester()?;
    let device_id = request.device_id.as_str();
    authorize(call, requester, &format!("delete_devices {device_id}"), proof)?;
    call.app.accounts.delete_devices(requester.user, &[device_id])?;
    Ok(Response {})
}
