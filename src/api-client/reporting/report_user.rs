//! `POST /_matrix/client/v3/users/{userId}/report` — reports a user to the operators of this server.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3usersuseridreport>

use kith_api_common::{ApiError, Call, Limit};
use ruma::api::client::reporting::report_user::v3::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.full_user()?;
    call.limit(Limit::Report)?;
    call.app.rooms.report_user(requester, &request.user_id, request.reason)?;
    Ok(Response {})
}
