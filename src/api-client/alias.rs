//! The aliases of rooms.

mod create_alias;
mod delete_alias;
mod get_alias;

use kith_api_common::{ApiError, Call, Router};
use ruma::{OwnedRoomId, OwnedRoomOrAliasId, RoomAliasId};

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint(create_alias::handler).endpoint(delete_alias::handler).endpoint(get_alias::handler)
}

/// The room that a client names by its id or by an alias.
pub(crate) fn named_room(call: &Call, name: OwnedRoomOrAliasId) -> Result<OwnedRoomId, ApiError> {
    match OwnedRoomId::try_from(name) {
        Ok(room_id) => Ok(room_id),
        Err(alias) => {
            let alias: &RoomAliasId = &alias;
            Ok(call.app.rooms.resolve_alias(alias)?.0)
        }
    }
}
