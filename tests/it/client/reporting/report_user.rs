//! `POST /_matrix/client/v3/users/{userId}/report`

use serde_json::{Value, json};

use crate::harness::{Answer, Server, User, encode};

async fn report(user: &User, whom: &str, body: Value) -> Answer {
    user.post(&format!("/users/{}/report", encode(whom)), body).await
}

#[tokio::test]
async fn users_are_reported() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    assert_eq!(report(&alice, &bob.id, json!({"reason": "milk first"})).await.ok(), json!({}));
    report(&alice, &bob.id, json!({"reason": ""})).await.ok();
    report(&alice, "@nobody:localhost", json!({"reason": "x"})).await.refused(404, "M_NOT_FOUND");
    report(&alice, &bob.id, json!({})).await.refused(400, "M_BAD_JSON");
    report(&alice, &bob.id, json!({"reason": 1})).await.refused(400, "M_BAD_JSON");
    report(&alice, "nonsense", json!({"reason": "x"})).await.refused(400, "M_INVALID_PARAM");
    let path = format!("/_matrix/client/v3/users/{}/report", encode(&bob.id));
    server.anonymous("POST", &path, Some(json!({"reason": "x"}))).await.refused(401, "M_MISSING_TOKEN");
}
