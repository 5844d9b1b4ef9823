//! `GET /_matrix/client/v3/pushrules/global/` — the push rules of the global scope, which is the only one.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3pushrulesglobal>

use kith_api_common::{ApiError, Call};
use ruma::api::client::push::get_pushrules_global_scope::v3::{Request, Response};

pub(crate) fn handler(call: &Call, _: Request) -> Result<Response, ApiError> {
    let requester = call.requester()?;
    let ruleset = call.app.push.ruleset(requester.user, &requester.user_id)?;
    Ok(Response { global: (*ruleset).clone() })
}
