//! `POST /_synapse/admin/v1/rooms/{roomIdOrAlias}/make_room_admin` — gives a user as much power in a room as this server can.
//! <https://element-hq.github.io/synapse/latest/admin_api/rooms.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{OwnedRoomOrAliasId, OwnedUserId, api::auth_scheme::AccessToken, metadata};
use serde::Deserialize;
use serde_json::{Value, json};

use super::resolve;
use crate::listing::Told;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: POST,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/rooms/{room_id_or_alias}/make_room_admin",
}

/// Without a user it is the administrator.
#[derive(Deserialize)]
pub(crate) struct Wish {
    user_id: Option<OwnedUserId>,
}

type Request = Own<Endpoint, Told<(OwnedRoomOrAliasId,), Wish>, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let own = call.admin()?.user_id.clone();
    let Told { path: (room,), body } = request.request;
    let room_id = resolve(call, room)?;
    call.app.rooms.make_admin(&room_id, &body.user_id.unwrap_or(own))?;
    Ok(Json::ok(json!({})))
}
