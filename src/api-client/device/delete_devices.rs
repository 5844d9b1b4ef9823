//! `POST /_matrix/client/v3/delete_devices` — ends the sessions of several devices.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3delete_devices>

use std::collections::BTreeSet;

use kith_api_common::{ApiError, Call, json::Own};
use ruma::api::client::device::delete_devices::v3::{self, Response};

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
    let device_ids: BTreeSet<&str> = request.devices.iter().map(|device| device.as_str()).collect();
    let device_ids: Vec<&str> = device_ids.into_iter().collect();
    authorize(call, requester, &format!("delete_devices {}", device_ids.join("\n")), proof)?;
    call.app.accounts.delete_devices(requester.user, &device_ids)?;
    Ok(Response {})
}
