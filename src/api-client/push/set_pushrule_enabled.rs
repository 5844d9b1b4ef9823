//! `PUT /_matrix/client/v3/pushrules/global/{kind}/{ruleId}/enabled` — switches a push rule on or off.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3pushrulesglobalkindruleidenabled>

use kith_api_common::{ApiError, Call};
use ruma::api::client::push::set_pushrule_enabled::v3::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    call.app.push.set_rule_enabled(call.requester()?, request.kind, &request.rule_id, request.enabled)?;
    Ok(Response {})
}
