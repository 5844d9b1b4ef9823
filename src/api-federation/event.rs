//! Events, and the states before them.

mod get_event;
mod get_event_by_timestamp;
mod get_missing_events;
mod get_room_state;
mod get_room_state_ids;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router
        .federation_endpoint(get_event::handler)
        .federation_endpoint(get_event_by_timestamp::handler)
        .federation_endpoint(get_missing_events::handler)
        .federation_endpoint(get_room_state::handler)
        .federation_endpoint(get_room_state_ids::handler)
}
