//! `POST /_matrix/client/v3/account/password` — sets a new password: for somebody who is logged in,
//! or who proves by mail that the account is theirs.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3accountpassword>

use kith_api_common::{ApiError, Call, Limit, json::Own};
use ruma::api::client::account::change_password::v3::{self, Response};

use crate::{
    authorize::{Proof, authorize},
    lenient::Lenient,
};

type Request = Own<v3::Request, Lenient<v3::Request>, Response>;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let mut request = request.request.0;
    let tasks = call.app.tasks.clone();
    if call.find_requester().is_none() && call.app.mailer.is_some() {
        return tasks.blocking(move || reset(&call, &request)).await;
    }
    let proof = Proof::take(&call, request.auth.take()).await?;
    tasks.blocking(move || change(&call, &request, &proof)).await
}

/// For somebody who is not logged in.
fn reset(call: &Call, request: &v3::Request) -> Result<Response, ApiError> {
    call.limit_by_address(Limit::LoginPerAddress)?;
    let (password, auth) = (&request.new_password, request.auth.as_ref());
    call.app.accounts.reset_password(password, request.logout_devices, auth)?;
    Ok(Response {})
}

fn change(call: &Call, request: &v3::Request, proof: &Proof) -> Result<Response, ApiError> {
    let requester = call.full_user()?;
    // Told before the password is asked for, so that nobody proves themselves for nothing.
    call.app.accounts.check_owns_password(requester.user)?;
    call.app.accounts.check_new_password(&request.new_password)?;
    authorize(call, requester, "account/password", proof)?;
    call.app.accounts.change_password(requester, &request.new_password, request.logout_devices)?;
    Ok(Response {})
}
