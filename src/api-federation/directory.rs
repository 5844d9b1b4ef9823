//! The room directory.

mod get_public_rooms;
mod get_public_rooms_filtered;

use kith_api_common::{ApiError, PeerCall, Router};
use kith_rooms::directory::{DirectoryPage, DirectoryRequest};

pub(crate) fn routes(router: Router) -> Router {
    router
        .federation_endpoint(get_public_rooms::handler)
        .federation_endpoint(get_public_rooms_filtered::handler)
}

/// A page of the directory, if other servers may have it.
fn page(call: &PeerCall, wanted: &DirectoryRequest) -> Result<DirectoryPage, ApiError> {
    if !call.app.config.rooms.directory_for_other_servers {
        return Err(ApiError::forbidden("This server shows its directory to its own users only"));
    }
    Ok(call.app.rooms.public_rooms(wanted)?)
}
