//! `GET /_matrix/client/v3/pushrules/global/{kind}/{ruleId}/actions` — what a push rule does.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3pushrulesglobalkindruleidactions>

use kith_api_common::{ApiError, Call};
use ruma::api::client::push::get_pushrule_actions::v3::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let rule = super::find_rule(call, request.kind, &request.rule_id)?;
    Ok(Response { actions: rule.actions().to_vec() })
}
