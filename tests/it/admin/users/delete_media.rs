//! `DELETE /_synapse/admin/v1/users/{userId}/media`

use serde_json::{Value, json};

use super::{only_administrators, path};
use crate::harness::Server;

#[tokio::test]
async fn only_administrators_delete() {
    only_administrators("DELETE", "media", &Value::Null).await;
}

#[tokio::test]
async fn a_users_files_go_a_stretch_at_a_time() {
    let server = Server::start().await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    let other = admin.upload("text/plain", "not hers").await;
    for text in ["1", "22", "333"] {
        alice.upload("text/plain", text).await;
    }
    let of_alice = path(&alice.id, "media");
    let gone = admin.delete(&format!("{of_alice}?limit=2&order_by=media_length")).await.ok();
    assert_eq!(gone["total"], 2, "{gone}");
    let left = admin.get(&of_alice).await.ok();
    assert_eq!((&left["total"], &left["media"][0]["media_length"]), (&json!(1), &json!(3)));
    assert_eq!(admin.delete(&of_alice).await.ok()["total"], 1);
    assert_eq!(admin.delete(&of_alice).await.ok(), json!({"deleted_media": [], "total": 0}));
    admin.fetch(&other).await.ok();
}
