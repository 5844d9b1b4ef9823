//! What only application services do.

mod request_ping;
mod set_room_visibility;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint(set_room_visibility::handler).endpoint_async(request_ping::handler)
}
