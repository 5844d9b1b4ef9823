//! `POST /_matrix/client/v3/account/3pid/unbind` — takes an address from an identity server, not from one's account.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3pidunbind>

use kith_api_common::{ApiError, Call};
use ruma::api::client::account::{
    ThirdPartyIdRemovalStatus,
    unbind_3pid::v3::{Request, Response},
};

pub(crate) fn handler(call: &Call, _: Request) -> Result<Response, ApiError> {
    call.full_user()?;
    // This server binds no address to an identity server, so it has nothing to undo there.
    Ok(Response { id_server_unbind_result: ThirdPartyIdRemovalStatus::NoSupport })
}
