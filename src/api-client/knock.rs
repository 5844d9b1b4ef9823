//! Knocking.

mod knock_room;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint_async(knock_room::handler)
}
