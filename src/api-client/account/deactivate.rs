//! `POST /_matrix/client/v3/account/deactivate` — closes one's account for good.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3accountdeactivate>

use kith_api_common::{ApiError, Call, json::Own};
use ruma::api::client::account::{
    ThirdPartyIdRemovalStatus,
    deactivate::v3::{self, Response},
};

use crate::{authorize::authorize, lenient::Lenient};

type Request = Own<v3::Request, Lenient<v3::Request>, Response>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let request = request.request.0;
    let requester = call.full_user()?;
    authorize(call, requester, "account/deactivate", request.auth.as_ref())?;
    let closed = call.app.accounts.deactivate(requester.user, request.erase)?;
    // If the server stops in the middle, the job that looks for departures goes on.
    if call.app.rooms.leave_all(closed.user)? == 0 {
        call.app.accounts.departed(closed.user)?;
    }
    // No address of a user here is bound to an identity server by this server.
    Ok(Response { id_server_unbind_result: ThirdPartyIdRemovalStatus::NoSupport })
}
