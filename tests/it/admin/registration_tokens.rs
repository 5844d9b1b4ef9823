//! Registration tokens.

mod create_token;
mod delete_token;
mod get_token;
mod list_tokens;
mod update_token;

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::harness::{Server, User};

const PATH: &str = "/_synapse/admin/v1/registration_tokens";

async fn start() -> (Server, User) {
    let server = Server::start().await;
    let admin = server.register_admin("admin").await;
    (server, admin)
}

fn path(token: &str) -> String {
    format!("{PATH}/{token}")
}

async fn make(admin: &User, wish: Value) -> Value {
    admin.post(&path("new"), wish).await.ok()
}

fn now_ms() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// Checks that nobody but administrators gets through.
async fn only_administrators(server: &Server, method: &str, path: &str) {
    let somebody = server.register("somebody").await;
    somebody.call(method, path, Some(json!({}))).await.refused(403, "M_FORBIDDEN");
    server.anonymous(method, path, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
}
