//! The devices of a user.

mod delete_device;
mod delete_devices;
mod get_device;
mod get_devices;
mod update_device;

use kith_accounts::Device;
use kith_api_common::Router;
use ruma::OwnedDeviceId;
use serde::Serialize;

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint_async(delete_device::handler)
        .endpoint_async(delete_devices::handler)
        .endpoint(get_device::handler)
        .endpoint(get_devices::handler)
        .endpoint(update_device::handler)
}

/// A device as clients see it. What is not known is absent, where ruma's type says null.
#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    device_id: OwnedDeviceId,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen_ip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen_ts: Option<u64>,
}

impl From<Device> for Shown {
    fn from(device: Device) -> Self {
        Self {
            device_id: device.device_id,
            display_name: device.display_name,
            last_seen_ip: device.last_seen_address,
            last_seen_ts: device.last_seen_ms,
        }
    }
}
