//! `POST /_matrix/client/v3/account/3pid/bind` — publishes an address of one's own at an identity server.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3pidbind>

use std::sync::Arc;

use kith_accounts::Binding;
use kith_api_common::{ApiError, Call};
use ruma::api::client::account::bind_3pid::v3::{Request, Response};

use crate::by_address::identity_access;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.full_user()?;
    let server = &request.identity_server_info;
    let access = identity_access(&server.id_server, &server.id_access_token)?;
    let (session, secret) = (request.sid.as_str(), request.client_secret.as_str());
    let bound = call.app.peers.bind_address(&access, session, secret, &requester.user_id).await?;
    let (medium, address) = bound;
    let binding = Binding { medium, address, server: access.server.to_string() };
    let (accounts, user) = (Arc::clone(&call.app.accounts), requester.user);
    call.app.tasks.blocking(move || accounts.note_binding(user, &binding)).await?;
    Ok(Response {})
}
