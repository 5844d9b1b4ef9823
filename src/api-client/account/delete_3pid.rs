//! `POST /_matrix/client/v3/account/3pid/delete` — takes an address from one's account, and from identity servers.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3piddelete>

use std::sync::Arc;

use kith_api_common::{ApiError, Call};
use ruma::api::client::account::delete_3pid::v3::{Request, Response};

use crate::unbinding::Unbinding;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.full_user()?.clone();
    let Request { medium, address, id_server, .. } = request;
    let (user, user_id) = (requester.user, requester.user_id);
    let unbinding = Unbinding { app: call.app.clone(), user, user_id };
    let bindings = unbinding.of_address(medium.as_str(), &address, id_server).await?;
    let accounts = Arc::clone(&call.app.accounts);
    let gone = move || accounts.delete_threepid(user, medium.as_str(), &address);
    call.app.tasks.blocking(gone).await?;
    Ok(Response { id_server_unbind_result: unbinding.try_to_tell(bindings).await })
}
