//! The devices of a user.

mod delete_device;
mod delete_devices;
mod get_device;
mod get_devices;
mod update_device;

use kith_accounts::Device;
use kith_api_common::Router;
use ruma::{MilliSecondsSinceUnixEpoch, UInt};

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint_async(delete_device::handler)
        .endpoint_async(delete_devices::handler)
        .endpoint(get_device::handler)
        .endpoint(get_devices::handler)
        .endpoint(update_device::handler)
}

/// A device as clients see it.
fn shown(device: Device) -> ruma::api::client::device::Device {
    ruma::api::client::device::Device {
        device_id: device.device_id,
        display_name: device.display_name,
        last_seen_ip: device.last_seen_address,
        last_seen_ts: device.last_seen_ms.map(|ms| MilliSecondsSinceUnixEpoch(UInt::new_saturating(ms))),
    }
}
