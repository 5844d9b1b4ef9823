//! `GET /_synapse/admin/v1/users/{userId}/joined_rooms` — the rooms of this server that a user is in, be they of this server or not.
//! <https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use kith_store::tables::members::Membership;
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde_json::{Value, json};

use super::OfUser;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/users/{user_id}/joined_rooms",
}

type Request = Own<Endpoint, OfUser, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.admin()?;
    let memberships = call.app.rooms.memberships_of(&request.request.user_id)?;
    let joined = memberships.into_iter().filter(|(_, membership)| *membership == Membership::Join);
    let rooms: Vec<_> = joined.map(|(room_id, _)| room_id).collect();
    Ok(Json::ok(json!({ "total": rooms.len(), "joined_rooms": rooms })))
}
