//! Searching messages.

mod search_events;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint_async(search_events::handler)
}
