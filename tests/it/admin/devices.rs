//! Devices of users, as administrators see them.

mod create_device;
mod delete_device;
mod delete_devices;
mod get_device;
mod list_devices;
mod update_device;

use serde_json::Value;

use crate::harness::{Server, User, encode};

fn path(user: &str, below: &str) -> String {
    format!("/_synapse/admin/v2/users/{}/{below}", encode(user))
}

async fn start() -> (Server, User, User) {
    let server = Server::start().await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    (server, admin, alice)
}

/// Checks who is refused, and for which users.
async fn only_administrators(method: &str, below: &str, body: Option<Value>) {
    let (server, admin, alice) = start().await;
    alice.call(method, &path(&alice.id, below), body.clone()).await.refused(403, "M_FORBIDDEN");
    let stranger = server.anonymous(method, &path(&alice.id, below), body.clone()).await;
    stranger.refused(401, "M_MISSING_TOKEN");
    admin.call(method, &path("@nobody:localhost", below), body.clone()).await.refused(404, "M_NOT_FOUND");
    admin.call(method, &path("@a:elsewhere.example", below), body).await.refused(400, "M_UNKNOWN");
}
