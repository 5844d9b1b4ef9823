//! `GET /_matrix/client/v3/pushrules/global/{kind}/{ruleId}/enabled` — whether a push rule is on.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3pushrulesglobalkindruleidenabled>

use kith_api_common::{ApiError, Call};
use ruma::api::client::push::get_pushrule_enabled::v3::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let rule = super::find_rule(call, request.kind, &request.rule_id)?;
    Ok(Response { enabled: rule.enabled() })
}
