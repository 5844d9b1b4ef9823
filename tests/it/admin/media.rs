//! The area `media`.

mod delete_media;
mod delete_old_media;
mod get_media;
mod list_room_media;
mod protect_media;
mod purge_media_cache;
mod quarantine_media;
mod quarantine_room_media;
mod unprotect_media;
mod unquarantine_media;

use serde_json::json;

use crate::harness::{Server, User};

/// A server, an administrator and a user.
async fn start() -> (Server, User, User) {
    let server = Server::start().await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    (server, admin, alice)
}

/// A path of this API.
fn path(below: &str) -> String {
    format!("/_synapse/admin/v1/{below}")
}

/// The media id of a file.
fn id(uri: &str) -> &str {
    uri.rsplit('/').next().unwrap()
}

/// Checks who is refused.
async fn only_administrators(method: &str, below: &str) {
    let (server, _admin, alice) = start().await;
    let body = (method != "GET").then(|| json!({}));
    alice.call(method, &path(below), body.clone()).await.refused(403, "M_FORBIDDEN");
    server.anonymous(method, &path(below), body).await.refused(401, "M_MISSING_TOKEN");
}

/// A time that has not come yet, in milliseconds.
const LATER_MS: u64 = 32_503_680_000_000;
