//! The threads of a room.

mod get_threads;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint(get_threads::handler)
}
