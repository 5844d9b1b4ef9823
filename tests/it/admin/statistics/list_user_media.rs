//! `GET /_synapse/admin/v1/statistics/users/media`

use serde_json::{Value, json};

use crate::harness::Server;

const PATH: &str = "/_synapse/admin/v1/statistics/users/media";

#[tokio::test]
async fn only_administrators_ask() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    alice.get(PATH).await.refused(403, "M_FORBIDDEN");
    server.anonymous("GET", PATH, None).await.refused(401, "M_MISSING_TOKEN");
}

#[tokio::test]
async fn everybody_who_has_files_is_listed() {
    let server = Server::start().await;
    let (admin, alice, bob) =
        (server.register_admin("admin").await, server.register("alice").await, server.register("bob").await);
    alice.upload("text/plain", "123").await;
    alice.upload("text/plain", "123").await;
    bob.upload("text/plain", "1234567").await;
    let entry = |user: &str, name: &str, files: u64, bytes: u64| json!({"user_id": user, "displayname": name, "media_count": files, "media_length": bytes});
    let (of_alice, of_bob) = (entry(&alice.id, "alice", 2, 6), entry(&bob.id, "bob", 1, 7));
    let list = async |query: &str| admin.get(&format!("{PATH}?{query}")).await.ok();
    assert_eq!(list("").await, json!({"users": [of_alice, of_bob], "total": 2}));
    assert_eq!(list("order_by=media_length&dir=b").await["users"], json!([of_bob, of_alice]));
    assert_eq!(list("order_by=media_count").await["users"], json!([of_bob, of_alice]));
    assert_eq!(list("search_term=BOB").await, json!({"users": [of_bob], "total": 1}));
    let first = list("limit=1").await;
    assert_eq!(first, json!({"users": [of_alice], "total": 2, "next_token": 1}));
    assert_eq!(list("limit=1&from=1").await, json!({"users": [of_bob], "total": 2}));
    assert_eq!(list("until_ts=1").await, json!({"users": [], "total": 0}));
    assert_eq!(list("from_ts=1").await["users"], json!([of_alice, of_bob]));
    for bad in ["from_ts=2&until_ts=1", "order_by=colour", "limit=many"] {
        let answer = admin.get(&format!("{PATH}?{bad}")).await;
        assert_eq!(answer.refused(400, "M_INVALID_PARAM")["errcode"], Value::from("M_INVALID_PARAM"));
    }
}
