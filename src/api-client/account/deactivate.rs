//! `POST /_matrix/client/v3/account/deactivate` — closes one's account for good.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3accountdeactivate>

use kith_accounts::Binding;
use kith_api_common::{ApiError, Call, json::Own};
use ruma::api::client::account::deactivate::v3::{self, Response};

use crate::{authorize::authorize, bindings::take_back, lenient::Lenient};

type Request = Own<v3::Request, Lenient<v3::Request>, Response>;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.full_user()?.clone();
    let closing = call.clone();
    let bindings = call.app.tasks.blocking(move || close(&closing, &request.request.0)).await?;
    Ok(Response { id_server_unbind_result: take_back(&call, &requester, bindings).await? })
}

/// Closes the account. Returns where its addresses are still published.
fn close(call: &Call, request: &v3::Request) -> Result<Vec<Binding>, ApiError> {
    let requester = call.full_user()?;
    authorize(call, requester, "account/deactivate", request.auth.as_ref())?;
    let bindings = call.app.accounts.bindings(requester.user)?;
    let closed = call.app.accounts.deactivate(requester.user, request.erase)?;
    // If the server stops in the middle, the job that looks for departures goes on.
    if call.app.rooms.leave_all(closed.user)? == 0 {
        call.app.accounts.departed(closed.user)?;
    }
    Ok(bindings)
}
