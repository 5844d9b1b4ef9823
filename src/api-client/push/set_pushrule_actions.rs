//! `PUT /_matrix/client/v3/pushrules/global/{kind}/{ruleId}/actions` — changes what a push rule does.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3pushrulesglobalkindruleidactions>

use kith_api_common::{ApiError, Call};
use ruma::api::client::push::set_pushrule_actions::v3::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    call.app.push.set_rule_actions(call.requester()?, request.kind, &request.rule_id, request.actions)?;
    Ok(Response {})
}
