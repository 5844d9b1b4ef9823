//! `POST /_synapse/admin/v1/user/{userId}/redact` — takes away what a user wrote, in the background.
//! <https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use kith_rooms::redact_user::UserRedaction;
use ruma::{OwnedRoomId, OwnedUserId, api::auth_scheme::AccessToken, metadata};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::listing::Told;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: POST,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/user/{user_id}/redact",
}

/// Without any rooms all of the user's are meant.
#[derive(Deserialize)]
pub(crate) struct Wish {
    rooms: Vec<OwnedRoomId>,
    reason: Option<String>,
    limit: Option<usize>,
    #[serde(default)]
    use_admin: bool,
}

type Request = Own<Endpoint, Told<(OwnedUserId,), Wish>, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let operator = call.admin()?;
    let Told { path: (user_id,), body } = request.request;
    if body.limit == Some(0) {
        return Err(ApiError::invalid_param("limit is at least 1"));
    }
    let wanted = UserRedaction {
        user_id,
        rooms: body.rooms,
        limit: body.limit,
        reason: body.reason,
        as_operator: body.use_admin,
    };
    let id = call.app.rooms.redact_user_later(operator, wanted)?;
    Ok(Json::ok(json!({ "redact_id": id })))
}
