//! Syncing.

mod sync_events;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint_raw(sync_events::handler)
}
