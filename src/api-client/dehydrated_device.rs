//! The device that a user may leave with the server.

mod delete_dehydrated_device;
mod get_dehydrated_device;
mod get_events;
mod put_dehydrated_device;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint(delete_dehydrated_device::handler)
        .endpoint(get_dehydrated_device::handler)
        .endpoint(get_events::handler)
        .endpoint(put_dehydrated_device::handler)
}
