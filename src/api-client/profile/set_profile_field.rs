//! `PUT /_matrix/client/v3/profile/{userId}/{keyName}` — sets a field of one's profile.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3profileuseridkeyname>
//!
//! The body is read here because clients take a name or an avatar away with null or with an empty object, which
//! ruma's type does not read.

use kith_api_common::{
    ApiError, Call, Limit,
    json::{Json, Own, ReadRequest, read_body, read_path},
};
use ruma::{
    OwnedUserId,
    api::{
        client::profile::set_profile_field::v3,
        error::{DeserializationError, ErrorKind},
    },
};
use serde_json::{Map, Value};

type Request = Own<v3::Request, SetField, Json<Map<String, Value>>>;

pub(crate) struct SetField {
    user_id: OwnedUserId,
    field: String,
    body: Map<String, Value>,
}

impl ReadRequest for SetField {
    fn read(request: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let (user_id, field) = read_path(arguments)?;
        Ok(Self { user_id, field, body: read_body(&request)? })
    }
}

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Map<String, Value>>, ApiError> {
    let SetField { user_id, field, mut body } = request.request;
    // Guests have a name and nothing else.
    let requester = if field == "displayname" { call.requester()? } else { call.full_user()? };
    call.limit(Limit::Profile)?;
    let value = match body.remove(&field) {
        Some(value) => value,
        None if field == "displayname" || field == "avatar_url" => Value::Null,
        None => return Err(ApiError::bad_request(ErrorKind::MissingParam, format!("missing: {field}"))),
    };
    let change = call.app.accounts.set_profile_field(requester, &user_id, &field, &value)?;
    call.app.rooms.propagate_profile(&change)?;
    Ok(Json::ok(Map::new()))
}
