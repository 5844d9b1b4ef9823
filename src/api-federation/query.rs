//! Questions about aliases and users.

mod get_custom_information;
mod get_profile_information;
mod get_room_information;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router
        .federation_endpoint(get_custom_information::handler)
        .federation_endpoint_async(get_profile_information::handler)
        .federation_endpoint_async(get_room_information::handler)
}
