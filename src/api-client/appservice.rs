//! What only application services do.

mod set_room_visibility;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint(set_room_visibility::handler)
}
