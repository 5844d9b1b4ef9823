//! Rooms, and single events of them.

mod aliases;
mod create_room;
mod get_event_by_timestamp;
mod get_room_event;
mod get_summary;
mod report_content;
mod report_room;
mod upgrade_room;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint(aliases::handler)
        .endpoint_async(create_room::handler)
        .endpoint_async(get_event_by_timestamp::handler)
        .endpoint(get_room_event::handler)
        .endpoint_async(get_summary::handler)
        .endpoint_async_at(&[get_summary::UNSTABLE_PATH], get_summary::handler)
        .endpoint(report_content::handler)
        .endpoint(report_room::handler)
        .endpoint_async(upgrade_room::handler)
}
