//! What clients keep on the server for themselves.

mod delete_global_account_data;
mod delete_room_account_data;
mod get_global_account_data;
mod get_room_account_data;
mod set_global_account_data;
mod set_room_account_data;

use kith_api_common::{ApiError, Call, Router, json::Json};
use kith_store::{RoomSid, UserSid};
use ruma::{RoomId, UserId};
use serde_json::value::RawValue;

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint(delete_global_account_data::handler)
        .endpoint(delete_room_account_data::handler)
        .endpoint(get_global_account_data::handler)
        .endpoint(get_room_account_data::handler)
        .endpoint(set_global_account_data::handler)
        .endpoint(set_room_account_data::handler)
}

/// The requester, who has to be the user in the path.
pub(crate) fn oneself(call: &Call, user_id: &UserId) -> Result<UserSid, ApiError> {
    let requester = call.full_user()?;
    if requester.user_id == user_id {
        Ok(requester.user)
    } else {
        Err(ApiError::forbidden("This is another user's data"))
    }
}

/// A room that this server has heard of.
pub(crate) fn known_room(call: &Call, room_id: &RoomId) -> Result<RoomSid, ApiError> {
    let room = call.app.store.ids().find_room(room_id)?;
    room.ok_or_else(|| ApiError::not_found("There is no such room"))
}

/// Stored content as an answer.
fn shown(content: Option<String>) -> Result<Json<Box<RawValue>>, ApiError> {
    let content = content.ok_or_else(|| ApiError::not_found("There is no such account data"))?;
    Ok(Json::ok(RawValue::from_string(content).map_err(|error| ApiError::internal(&error))?))
}
