//! Rooms, as administrators see them.

mod delete_room;
mod delete_room_at_once;
mod deletion;
mod fetch_event;
mod get_block;
mod get_context;
mod get_deletion;
mod get_deletions_of_room;
mod get_event_by_timestamp;
mod get_forward_extremities;
mod get_messages;
mod get_room;
mod get_state;
mod join_room;
mod list_members;
mod list_rooms;
mod make_room_admin;
mod set_block;

use kith_api_common::{
    ApiError, Call, Router,
    json::{ReadRequest, read_path},
};
use kith_rooms::{overview::Overview, room::Room};
use ruma::{OwnedRoomId, OwnedRoomOrAliasId, RoomId, api::error::DeserializationError};
use serde_json::{Value, json};

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint(delete_room::handler)
        .endpoint(delete_room_at_once::handler)
        .endpoint(fetch_event::handler)
        .endpoint(get_block::handler)
        .endpoint(get_context::handler)
        .endpoint(get_deletion::handler)
        .endpoint(get_deletions_of_room::handler)
        .endpoint(get_event_by_timestamp::handler)
        .endpoint(get_forward_extremities::handler)
        .endpoint(get_messages::handler)
        .endpoint(get_room::handler)
        .endpoint(get_state::handler)
        .endpoint_async(join_room::handler)
        .endpoint(list_members::handler)
        .endpoint(list_rooms::handler)
        .endpoint(make_room_admin::handler)
        .endpoint(set_block::handler)
}

/// A request that consists of the room id in its path.
pub(crate) struct OfRoom {
    pub(crate) room_id: OwnedRoomId,
}

impl ReadRequest for OfRoom {
    fn read(_: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let (room_id,) = read_path(arguments)?;
        Ok(Self { room_id })
    }
}

/// The room that an administrator asks about.
fn get_room(call: &Call, room_id: &RoomId) -> Result<Room, ApiError> {
    call.admin()?;
    call.app.rooms.room(room_id)?.ok_or_else(unknown)
}

/// The room id behind a room id or an alias of this server.
fn resolve(call: &Call, room: OwnedRoomOrAliasId) -> Result<OwnedRoomId, ApiError> {
    match OwnedRoomId::try_from(room) {
        Ok(room_id) => Ok(room_id),
        Err(alias) => {
            let record = call.app.rooms.find_alias(&alias)?.ok_or_else(unknown)?;
            Ok(call.app.rooms.room_id_of(record.room)?)
        }
    }
}

fn unknown() -> ApiError {
    ApiError::not_found("Room not found")
}

/// What lists show of a room.
fn shown(room: &Overview) -> Value {
    json!({
        "room_id": room.room_id,
        "name": room.name,
        "canonical_alias": room.canonical_alias,
        "joined_members": room.joined,
        "joined_local_members": room.joined_here,
        "version": room.version,
        "creator": room.creator,
        "encryption": room.encryption,
        "federatable": room.federatable,
        "public": room.published,
        "join_rules": room.join_rule,
        "guest_access": room.guest_access,
        "history_visibility": room.history_visibility,
        "state_events": room.state_events,
        "room_type": room.room_type,
    })
}
