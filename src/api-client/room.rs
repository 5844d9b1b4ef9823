//! Rooms, and single events of them.

mod get_event_by_timestamp;
mod get_room_event;
mod get_summary;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint(get_event_by_timestamp::handler)
        .endpoint(get_room_event::handler)
        .endpoint(get_summary::handler)
}
