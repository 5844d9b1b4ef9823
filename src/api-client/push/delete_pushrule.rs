//! `DELETE /_matrix/client/v3/pushrules/global/{kind}/{ruleId}` — removes a push rule of the user's own.
//! <https://spec.matrix.org/v1.19/client-server-api/#delete_matrixclientv3pushrulesglobalkindruleid>

use kith_api_common::{ApiError, Call};
use ruma::api::client::push::delete_pushrule::v3::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    call.app.push.delete_rule(call.requester()?, request.kind, &request.rule_id)?;
    Ok(Response {})
}
