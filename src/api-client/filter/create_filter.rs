//! `POST /_matrix/client/v3/user/{userId}/filter` — stores a filter.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3useruseridfilter>
//!
//! The text is stored as it came: ruma's type checks it, and would drop what it does not know.

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own, ReadRequest, read_body, read_path},
};
use ruma::{
    OwnedUserId,
    api::{
        client::filter::{FilterDefinition, create_filter::v3},
        error::DeserializationError,
    },
};
use serde_json::{Value, json, value::RawValue};

type Request = Own<v3::Request, CreateFilter, Json<Value>>;

pub(crate) struct CreateFilter {
    user_id: OwnedUserId,
    text: Box<RawValue>,
}

impl ReadRequest for CreateFilter {
    fn read(request: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let (user_id,) = read_path(arguments)?;
        read_body::<FilterDefinition>(&request)?;
        Ok(Self { user_id, text: read_body(&request)? })
    }
}

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let requester = call.requester()?;
    if request.request.user_id != requester.user_id {
        return Err(ApiError::forbidden("One can only store filters of one's own"));
    }
    let filter_id = call.app.accounts.create_filter(requester.user, request.request.text.get())?;
    Ok(Json::ok(json!({ "filter_id": filter_id })))
}
