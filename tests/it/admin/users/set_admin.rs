//! `PUT /_synapse/admin/v1/users/{userId}/admin`

use serde_json::json;

use super::{only_administrators, path};
use crate::harness::Server;

#[tokio::test]
async fn only_administrators_appoint() {
    only_administrators("PUT", "admin", &json!({"admin": false})).await;
}

#[tokio::test]
async fn administrators_come_and_go() {
    let server = Server::start().await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    let of_alice = path(&alice.id, "admin");
    alice.put(&of_alice, json!({"admin": true})).await.refused(403, "M_FORBIDDEN");
    assert_eq!(admin.put(&of_alice, json!({"admin": true})).await.ok(), json!({}));
    // It holds for sessions that are there already.
    assert_eq!(alice.get(&of_alice).await.ok(), json!({"admin": true}));
    // One administrator at least stays: nobody resigns.
    admin.put(&path(&admin.id, "admin"), json!({"admin": false})).await.refused(400, "M_UNKNOWN");
    admin.put(&path(&admin.id, "admin"), json!({"admin": true})).await.ok();
    let server = server.crash_and_restart().await;
    let (admin, alice) = (admin.on(&server), alice.on(&server));
    alice.put(&path(&admin.id, "admin"), json!({"admin": false})).await.ok();
    admin.get(&of_alice).await.refused(403, "M_FORBIDDEN");
    for body in [json!({}), json!({"admin": "yes"}), json!([])] {
        alice.put(&of_alice, body).await.refused(400, "M_BAD_JSON");
    }
}
