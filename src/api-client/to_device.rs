//! Messages from device to device.

mod send_event_to_device;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint(send_event_to_device::handler)
}
