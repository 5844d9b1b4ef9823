//! `POST /_matrix/client/v3/account/deactivate` — closes one's account for good.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3accountdeactivate>

use std::sync::Arc;

use kith_accounts::Deactivated;
use kith_api_common::{ApiError, Call, json::Own};
use ruma::api::client::account::deactivate::v3::{self, Response};

use crate::{
    authorize::{Proof, authorize},
    lenient::Lenient,
    unbinding::Unbinding,
};

type Request = Own<v3::Request, Lenient<v3::Request>, Response>;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let mut request = request.request.0;
    let proof = Proof::take(&call, request.auth.take()).await?;
    let app = Arc::clone(&call.app);
    let (user, user_id) = (call.full_user()?.user, call.full_user()?.user_id.clone());
    let unbinding = Unbinding { app: Arc::clone(&app), user, user_id };
    let id_server = request.id_server.clone();
    let closed = app.tasks.blocking(move || close(&call, &request, &proof)).await?;
    // If the server stops in the middle, the job that looks for departures goes on.
    if app.rooms.leave_all_across(closed.user).await? == 0 {
        let accounts = Arc::clone(&app.accounts);
        app.tasks.blocking(move || accounts.departed(closed.user)).await?;
    }
    let mut bindings = unbinding.of_user().await?;
    bindings.retain(|binding| id_server.as_ref().is_none_or(|named| *named == binding.server));
    Ok(Response { id_server_unbind_result: unbinding.try_to_tell(bindings).await })
}

fn close(call: &Call, request: &v3::Request, proof: &Proof) -> Result<Deactivated, ApiError> {
    let requester = call.full_user()?;
    authorize(call, requester, "account/deactivate", proof)?;
    Ok(call.app.accounts.deactivate(requester.user, request.erase)?)
}
