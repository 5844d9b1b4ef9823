//! `GET /_matrix/client/v3/profile/{userId}/{keyName}` — one field of a user's profile.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3profileuseridkeyname>

use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use ruma::api::client::profile::get_profile_field::v3;
use serde_json::{Map, Value};

use super::find_fields;
use crate::identified::Identified;

type Request = Answered<v3::Request, Json<Map<String, Value>>>;

pub(crate) async fn handler(
    call: Call,
    Identified(request): Identified<Request>,
) -> Result<Json<Map<String, Value>>, ApiError> {
    let v3::Request { user_id, field } = request.request;
    let mut fields = find_fields(&call, user_id, Some(field.as_str())).await?;
    let value = fields.remove(field.as_str());
    let value = value.ok_or_else(|| ApiError::not_found("The profile has no such field"))?;
    Ok(Json::ok(Map::from_iter([(field.to_string(), value)])))
}
