//! `POST /_matrix/client/v3/account/3pid/delete` — takes an address from one's account.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3piddelete>

use kith_api_common::{ApiError, Call};
use ruma::api::client::account::{
    ThirdPartyIdRemovalStatus,
    delete_3pid::v3::{Request, Response},
};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.full_user()?;
    call.app.accounts.delete_threepid(requester.user, request.medium.as_str(), &request.address)?;
    Ok(Response { id_server_unbind_result: ThirdPartyIdRemovalStatus::NoSupport })
}
