//! The devices of a user.

mod delete_device;
mod delete_devices;
mod get_device;
mod get_devices;
mod update_device;

use crate::harness::User;

/// The ids of a user's devices, sorted.
async fn device_ids(user: &User) -> Vec<String> {
    let answer = user.get("/devices").await.ok();
    let devices = answer["devices"].as_array().unwrap();
    let mut ids: Vec<String> =
        devices.iter().map(|device| device["device_id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}
