//! `GET /_matrix/client/v3/pushrules/global/{kind}/{ruleId}` — one push rule.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3pushrulesglobalkindruleid>

use kith_api_common::{ApiError, Call};
use ruma::api::client::push::get_pushrule::v3::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let rule = super::find_rule(call, request.kind, &request.rule_id)?;
    Ok(Response { rule: rule.into() })
}
