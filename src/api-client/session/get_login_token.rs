//! `POST /_matrix/client/v1/login/get_token` — a token with which one's other device can log in.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv1loginget_token>

use kith_api_common::{ApiError, Call, json::Own};
use ruma::api::client::session::get_login_token::v1::{self, Response};

use crate::{
    authorize::{Proof, authorize},
    lenient::Lenient,
};

type Request = Own<v1::Request, Lenient<v1::Request>, Response>;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let proof = Proof::take(&call, request.request.0.auth).await?;
    let tasks = call.app.tasks.clone();
    tasks.blocking(move || make(&call, &proof)).await
}

fn make(call: &Call, proof: &Proof) -> Result<Response, ApiError> {
    let requester = call.full_user()?;
    authorize(call, requester, "login/get_token", proof)?;
    let (token, expires_in) = call.app.accounts.create_login_token(requester.user)?;
    Ok(Response { expires_in, login_token: token.reveal().to_owned() })
}
