//! `PUT /_synapse/admin/v1/send_server_notice/{txnId}` — tells a user something once, however often it is repeated.
//! <https://element-hq.github.io/synapse/latest/admin_api/server_notices.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own, ReadRequest, read_body, read_path},
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
    method: PUT,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/send_server_notice/{txn_id}",
}

pub(crate) struct Once {
    transaction_id: String,
    notice: NewNotice,
}

impl ReadRequest for Once {
    fn read(request: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let (transaction_id,) = read_path(arguments)?;
        Ok(Self { transaction_id, notice: read_body(&request)? })
    }
}

type Request = Own<Endpoint, Once, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let Once { transaction_id, notice } = request.request;
    // Two administrators may use the same id.
    let transaction_id = format!("{}/{transaction_id}", call.requester()?.user_id);
    Ok(Json::ok(send(call, notice, Some(transaction_id))?))
}
