//! `POST /_synapse/admin/v1/join/{roomIdOrAlias}` — has a user of this server join a room.
//! <https://element-hq.github.io/synapse/latest/admin_api/rooms.html>

use std::sync::Arc;

use kith_accounts::Requester;
use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use kith_rooms::membership::Joining;
use ruma::{OwnedRoomId, OwnedRoomOrAliasId, OwnedUserId, UserId, api::auth_scheme::AccessToken, metadata};
use serde::Deserialize;
use serde_json::{Value, json};

use super::resolve;
use crate::{listing::Told, users::get_account};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: POST,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/join/{room_id_or_alias}",
}

#[derive(Deserialize)]
pub(crate) struct Wish {
    user_id: OwnedUserId,
}

type Request = Own<Endpoint, Told<(OwnedRoomOrAliasId,), Wish>, Json<Value>>;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Json<Value>, ApiError> {
    let app = Arc::clone(&call.app);
    let Told { path: (room,), body } = request.request;
    let prepare = move || prepare(&call, room, &body.user_id);
    let (requester, room_id) = app.tasks.blocking(prepare).await?;
    app.rooms.join_across(requester, room_id.clone(), Joining::default()).await?;
    Ok(Json::ok(json!({ "room_id": room_id })))
}

/// Who joins what. Where an invite is needed, the administrator gives it if they are in the room.
fn prepare(
    call: &Call,
    room: OwnedRoomOrAliasId,
    user_id: &UserId,
) -> Result<(Requester, OwnedRoomId), ApiError> {
    let account = get_account(call, user_id)?;
    let admin = call.admin()?;
    let room_id = resolve(call, room)?;
    let requester = call.app.accounts.later_requester(account.user, None)?;
    let requester = requester.ok_or_else(|| ApiError::forbidden("The account is closed or locked"))?;
    if let Some(room) = call.app.rooms.room(&room_id)?
        && call.app.rooms.is_joined(admin.user, room.sid)?
        && !call.app.rooms.is_joined(account.user, room.sid)?
        && !call.app.rooms.is_public(&room)?
    {
        call.app.rooms.invite(admin, &room_id, user_id, None)?;
    }
    Ok((requester, room_id))
}
