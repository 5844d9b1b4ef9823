//! Devices of users, as administrators see them.

mod create_device;
mod delete_device;
mod delete_devices;
mod get_device;
mod list_devices;
mod update_device;

use kith_accounts::Device;
use kith_api_common::{
    Router,
    json::{ReadRequest, read_path},
};
use ruma::{OwnedUserId, UserId, api::error::DeserializationError};
use serde_json::{Value, json};

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint(create_device::handler)
        .endpoint(delete_device::handler)
        .endpoint(delete_devices::handler)
        .endpoint(get_device::handler)
        .endpoint(list_devices::handler)
        .endpoint(update_device::handler)
}

/// A request that consists of a user and one of their devices in its path.
pub(crate) struct OfDevice {
    user_id: OwnedUserId,
    device_id: String,
}

impl ReadRequest for OfDevice {
    fn read(_: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let (user_id, device_id) = read_path(arguments)?;
        Ok(Self { user_id, device_id })
    }
}

fn shown(user_id: &UserId, device: &Device) -> Value {
    json!({
        "user_id": user_id,
        "device_id": device.device_id,
        "display_name": device.display_name,
        "last_seen_ip": device.last_seen_address,
        "last_seen_ts": device.last_seen_ms,
        "last_seen_user_agent": device.user_agent,
    })
}
