//! Looking into rooms without being in them, and the older ways to follow rooms that share their paths.

mod get_current_state;
mod get_one_event;
mod listen_to_new_events;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint(get_current_state::handler)
        .endpoint(get_one_event::handler)
        .endpoint_async(listen_to_new_events::handler)
}
