//! `POST /_matrix/client/v3/account/3pid/bind` — has an identity server say that an address is one's own.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3pidbind>

use std::sync::Arc;

use kith_accounts::Binding;
use kith_api_common::{ApiError, Call, Limit};
use kith_peers::IdentityServer;
use ruma::api::client::account::bind_3pid::v3::{Request, Response};

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.full_user()?.clone();
    call.limit(Limit::Profile)?;
    let info = request.identity_server_info;
    let server = IdentityServer { name: &info.id_server, token: &info.id_access_token };
    let (session, secret) = (request.sid.as_str(), request.client_secret.as_str());
    let bound = call.app.peers.bind_address(server, session, secret, &requester.user_id).await?;
    let binding = Binding { medium: bound.medium, address: bound.address, server: info.id_server };
    let accounts = Arc::clone(&call.app.accounts);
    call.app.tasks.blocking(move || accounts.note_binding(requester.user, &binding)).await?;
    Ok(Response {})
}
