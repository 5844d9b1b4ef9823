//! The room directory.

mod get_public_rooms;
mod get_public_rooms_filtered;
mod get_room_visibility;
mod set_room_visibility;

use kith_api_common::{ApiError, Call, Router};
use ruma::ServerName;

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint(get_public_rooms::handler)
        .endpoint(get_public_rooms_filtered::handler)
        .endpoint(get_room_visibility::handler)
        .endpoint(set_room_visibility::handler)
}

/// The directories of other servers are not to be had from this one.
fn is_here(call: &Call, server: Option<&ServerName>) -> Result<(), ApiError> {
    match server {
        Some(server) if server != call.app.rooms.server_name() => {
            Err(ApiError::not_found("That server's directory cannot be reached"))
        }
        _ => Ok(()),
    }
}
