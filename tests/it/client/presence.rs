//! Presence.

mod get_presence;
mod set_presence;
mod sync_presence;

use serde_json::Value;

use crate::harness::{Answer, User, encode};

async fn set(user: &User, of: &User, body: Value) -> Answer {
    user.put(&format!("/presence/{}/status", encode(&of.id)), body).await
}

async fn get(user: &User, of: &User) -> Answer {
    user.get(&format!("/presence/{}/status", encode(&of.id))).await
}
