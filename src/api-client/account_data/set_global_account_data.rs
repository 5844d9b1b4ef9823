//! `PUT /_matrix/client/v3/user/{userId}/account_data/{type}` — keeps something.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3useruseridaccount_datatype>

use kith_api_common::{ApiError, Call};
use ruma::api::client::config::set_global_account_data::v3::{Request, Response};

use super::oneself;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let user = oneself(call, &request.user_id)?;
    let content = request.data.json().get();
    call.app.accounts.set_account_data(user, None, &request.event_type.to_string(), content)?;
    Ok(Response {})
}
