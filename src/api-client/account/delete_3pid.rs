//! `POST /_matrix/client/v3/account/3pid/delete` — takes an address from one's account, and from the identity servers where
//! this server has published it.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3piddelete>

use std::sync::Arc;

use kith_api_common::{ApiError, Call};
use ruma::api::client::account::delete_3pid::v3::{Request, Response};

use crate::bindings::{find_bindings, take_back};

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.full_user()?;
    let (medium, address) = (request.medium.to_string(), request.address);
    let mut bindings = find_bindings(&call, requester, &medium, &address).await?;
    if let Some(server) = &request.id_server {
        bindings.retain(|binding| binding.server == *server);
    }
    let (accounts, user) = (Arc::clone(&call.app.accounts), requester.user);
    call.app.tasks.blocking(move || accounts.delete_threepid(user, &medium, &address)).await?;
    Ok(Response { id_server_unbind_result: take_back(&call, requester, bindings).await? })
}
