//! The device that a user may leave with the server.

mod delete_dehydrated_device;
mod get_dehydrated_device;
mod get_events;
mod put_dehydrated_device;

use serde_json::{Value, json};

use crate::harness::{Key, User};

const PATH: &str = "/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device";

/// A device to leave, with one one-time key.
fn device(user: &User, device_id: &str, seed: u8) -> Value {
    let key = Key::of_device(user, device_id, seed);
    json!({
        "device_id": device_id,
        "initial_device_display_name": "dehydrated",
        "device_data": {"algorithm": "org.matrix.msc3814.v1.olm", "device_pickle": device_id},
        "device_keys": key.device_keys(),
        "one_time_keys": {"signed_curve25519:AAAA": key.session_key(device_id)},
        "fallback_keys": {"signed_curve25519:F": key.session_key("last")},
    })
}
