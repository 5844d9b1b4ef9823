//! `POST /_matrix/client/v3/account/3pid/unbind` — has identity servers no longer say that an address is one's own.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3pidunbind>

use kith_api_common::{ApiError, Call};
use ruma::api::client::account::unbind_3pid::v3::{Request, Response};

use crate::unbinding::Unbinding;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.full_user()?.clone();
    let (user, user_id) = (requester.user, requester.user_id);
    let unbinding = Unbinding { app: call.app.clone(), user, user_id };
    let bindings = unbinding.of_address(request.medium.as_str(), &request.address, request.id_server).await?;
    Ok(Response { id_server_unbind_result: unbinding.tell(bindings).await? })
}
