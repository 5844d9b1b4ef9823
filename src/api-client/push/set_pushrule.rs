//! `PUT /_matrix/client/v3/pushrules/global/{kind}/{ruleId}` — adds or replaces a push rule.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3pushrulesglobalkindruleid>

use kith_api_common::{ApiError, Call};
use ruma::api::client::push::set_pushrule::v3::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.requester()?;
    let (before, after) = (request.before.as_deref(), request.after.as_deref());
    call.app.push.put_rule(requester, request.rule, before, after)?;
    Ok(Response {})
}
