//! The surroundings of an event.

mod get_context;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint(get_context::handler)
}
