//! The public keys of devices and users.

mod claim_keys;
mod get_key_changes;
mod get_keys;
mod upload_keys;
mod upload_signatures;
mod upload_signing_keys;

use serde_json::{Value, json};

use crate::harness::{Answer, Key, User};

/// Cross-signing keys from three seeds that follow each other; the master key is the first.
fn cross_signing(user: &User, seed: u8) -> (Key, Key, Key, Value) {
    let keys = [0, 1, 2].map(|offset| Key::of_user(user, seed + offset));
    let [master, own, others] = keys;
    let body = json!({
        "master_key": master.cross_signing("master"),
        "self_signing_key": master.sign(own.cross_signing("self_signing")),
        "user_signing_key": master.sign(others.cross_signing("user_signing")),
    });
    (master, own, others, body)
}

async fn upload_cross_signing(user: &User, body: Value) -> Answer {
    user.post("/keys/device_signing/upload", body).await
}

/// The names in a list of users, sorted.
fn names(list: &Value) -> Vec<String> {
    let mut names: Vec<String> =
        list.as_array().into_iter().flatten().map(|name| name.as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}
