//! `GET /_synapse/admin/v1/users/{userId}/memberships` — what a user is to each room that they have to do with.
//! <https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html>

use std::collections::BTreeMap;

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde_json::{Value, json};

use super::OfUser;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/users/{user_id}/memberships",
}

type Request = Own<Endpoint, OfUser, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.admin()?;
    let memberships = call.app.rooms.memberships_of(&request.request.user_id)?;
    let memberships: BTreeMap<_, _> =
        memberships.into_iter().map(|(room_id, membership)| (room_id, membership.as_str())).collect();
    Ok(Json::ok(json!({ "memberships": memberships })))
}
