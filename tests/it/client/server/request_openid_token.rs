//! `POST /_matrix/client/v3/user/{userId}/openid/request_token`

use serde_json::json;

use crate::harness::{Server, encode};

#[tokio::test]
async fn a_token_says_who_one_is() {
    let server = Server::start_with("[registration]\nmode = \"open\"\nguests = true\n").await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let path = format!("/user/{}/openid/request_token", encode(&alice.id));
    let first = alice.post(&path, json!({})).await.ok();
    assert_eq!(first["token_type"], "Bearer");
    assert_eq!(first["matrix_server_name"], "localhost");
    assert_eq!(first["expires_in"], 3600);
    let keys: Vec<&String> = first.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["access_token", "expires_in", "matrix_server_name", "token_type"]);
    let second = alice.post(&path, json!({})).await.ok();
    assert_ne!(first["access_token"], second["access_token"]);

    bob.post(&path, json!({})).await.refused(403, "M_FORBIDDEN");
    let of_nobody = format!("/user/{}/openid/request_token", encode("@nobody:localhost"));
    alice.post(&of_nobody, json!({})).await.refused(403, "M_FORBIDDEN");
    let guest = server.register_guest().await;
    let of_guest = format!("/user/{}/openid/request_token", encode(&guest.id));
    guest.post(&of_guest, json!({})).await.refused(403, "M_GUEST_ACCESS_FORBIDDEN");
    let path = format!("/_matrix/client/v3{path}");
    server.anonymous("POST", &path, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
    alice.post("/user/alice/openid/request_token", json!({})).await.refused(400, "M_INVALID_PARAM");
}
