//! Who is in which room.

mod get_member_events;
mod get_mutual_rooms;
mod joined_members;
mod joined_rooms;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint(get_member_events::handler)
        .endpoint(get_mutual_rooms::handler)
        .endpoint(get_mutual_rooms::unstable_handler)
        .endpoint(joined_members::handler)
        .endpoint(joined_rooms::handler)
}
