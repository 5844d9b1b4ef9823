//! `POST /_matrix/client/v3/account/3pid/add` — gives an address that was confirmed to one's account.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3pidadd>

use kith_api_common::{ApiError, Call, json::Own};
use ruma::api::client::account::add_3pid::v3::{self, Response};

use crate::{
    authorize::{Proof, authorize},
    lenient::Lenient,
};

type Request = Own<v3::Request, Lenient<v3::Request>, Response>;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let mut request = request.request.0;
    let proof = Proof::take(&call, request.auth.take()).await?;
    let tasks = call.app.tasks.clone();
    tasks.blocking(move || add(&call, &request, &proof)).await
}

fn add(call: &Call, request: &v3::Request, proof: &Proof) -> Result<Response, ApiError> {
    let requester = call.full_user()?;
    // Whoever has the address can set a new password, so adding one takes the old password.
    authorize(call, requester, "account/3pid/add", proof)?;
    let (session, secret) = (request.sid.as_str(), request.client_secret.as_str());
    call.app.accounts.add_validated_threepid(requester, session, secret)?;
    Ok(Response {})
}
