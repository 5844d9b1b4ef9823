//! Syncing.

mod sliding_sync;
mod sync_events;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint_raw(sliding_sync::handler).endpoint_raw(sync_events::handler)
}
