//! `PUT /_matrix/client/v3/pushrules/global/{kind}/{ruleId}` — adds or replaces a push rule.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3pushrulesglobalkindruleid>

use kith_api_common::{
    ApiError, Call,
    json::{Own, ReadRequest, read_body},
};
use ruma::api::{
    IncomingRequest,
    client::push::set_pushrule::v3::{self, Response},
    error::DeserializationError,
};
use serde_json::{Map, Value};

type Request = Own<v3::Request, Rule, Response>;

/// A push rule; ruma demands conditions, the specification lets rules without any apply to everything.
pub(crate) struct Rule(v3::Request);

impl ReadRequest for Rule {
    fn read(request: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let mut body: Map<String, Value> = read_body(&request)?;
        body.entry("conditions").or_insert_with(|| Value::Array(Vec::new()));
        let body = serde_json::to_vec(&body)?;
        let (parts, _) = request.into_parts();
        let request = http::Request::from_parts(parts, body.as_slice());
        Ok(Self(v3::Request::try_from_http_request_inner(request, arguments)?))
    }
}

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let (requester, request) = (call.requester()?, request.request.0);
    let (before, after) = (request.before.as_deref(), request.after.as_deref());
    call.app.push.put_rule(requester, request.rule, before, after)?;
    Ok(Response {})
}
