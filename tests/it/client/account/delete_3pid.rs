//! `POST /_matrix/client/v3/account/3pid/delete`

use serde_json::json;

use crate::harness::Server;

const PATH: &str = "/account/3pid/delete";

#[tokio::test]
async fn an_address_that_one_does_not_have_is_as_good_as_gone() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    for body in [
        json!({"medium": "email", "address": "alice@example.org"}),
        json!({"medium": "msisdn", "address": "441234567890", "id_server": "127.0.0.9:1"}),
        json!({"medium": "org.example.pigeon", "address": "coo"}),
    ] {
        // Nothing is bound, and an identity server that cannot be reached is not in the way.
        assert_eq!(alice.post(PATH, body).await.ok(), json!({"id_server_unbind_result": "no-support"}));
    }
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let server = Server::start_with("[registration]\nmode = \"open\"\nguests = true\n").await;
    let alice = server.register("alice").await;
    for body in [json!({}), json!({"medium": "email"}), json!({"medium": "email", "address": 7})] {
        alice.post(PATH, body).await.refused(400, "M_BAD_JSON");
    }
    let body = json!({"medium": "email", "address": "alice@example.org"});
    server.register_guest().await.post(PATH, body).await.refused(403, "M_GUEST_ACCESS_FORBIDDEN");
    let path = format!("/_matrix/client/v3{PATH}");
    server.anonymous("POST", &path, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
}
