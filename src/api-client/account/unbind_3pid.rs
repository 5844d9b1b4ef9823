//! `POST /_matrix/client/v3/account/3pid/unbind` — takes back at an identity server that an address is one's own.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3pidunbind>

use kith_accounts::Binding;
use kith_api_common::{ApiError, Call};
use ruma::api::client::account::unbind_3pid::v3::{Request, Response};

use crate::bindings::{find_bindings, take_back};

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.full_user()?;
    let (medium, address) = (request.medium.to_string(), request.address);
    let bindings = match request.id_server {
        Some(server) => vec![Binding { medium, address, server }],
        None => find_bindings(&call, requester, &medium, &address).await?,
    };
    Ok(Response { id_server_unbind_result: take_back(&call, requester, bindings).await? })
}
