//! Devices of this server's users.

mod get_devices;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.federation_endpoint(get_devices::handler)
}
