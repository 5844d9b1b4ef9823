//! `POST /_synapse/admin/v1/send_server_notice` — tells a user something in the room for notices.
//! <https://element-hq.github.io/synapse/latest/admin_api/server_notices.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own, ReadRequest, read_body},
};
use ruma::{
    api::{auth_scheme::AccessToken, error::DeserializationError},
    metadata,
};
use serde_json::Value;

use super::{NewNotice, send};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: POST,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/send_server_notice",
}

impl ReadRequest for NewNotice {
    fn read(request: http::Request<&[u8]>, _: &[&str]) -> Result<Self, DeserializationError> {
        read_body(&request)
    }
}

type Request = Own<Endpoint, NewNotice, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    Ok(Json::ok(send(call, request.request, None)?))
}
