//! The state of rooms.

mod get_state_event_for_key;
mod get_state_events;
mod send_state_event;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint_async_at(&get_state_event_for_key::PATHS, get_state_event_for_key::handler)
        .endpoint_async(get_state_events::handler)
        .endpoint_async_at(&get_state_event_for_key::PATHS, send_state_event::handler)
}
