//! `POST /_matrix/client/v3/account/3pid/bind`

use serde_json::json;

use crate::harness::{Peer, become_identity_server, start_federating};

const PATH: &str = "/account/3pid/bind";

#[tokio::test]
async fn an_address_is_published_and_taken_back_with_the_account() {
    let identity = Peer::start("127.0.0.9").await;
    become_identity_server(&identity, &[]);
    let server = start_federating("127.0.0.2", "").await;
    let alice = server.register("alice").await;
    let body = |sid: &str| json!({"client_secret": "secret", "sid": sid, "id_server": identity.name, "id_access_token": "token"});
    alice.post(PATH, body("other")).await.refused(404, "M_SESSION_NOT_VALIDATED");
    alice.post(PATH, body("validated")).await.ok();
    let asked = identity.received("/_matrix/identity/v2/3pid/bind").pop().unwrap().body;
    assert_eq!(asked, json!({"sid": "validated", "client_secret": "secret", "mxid": alice.id}));
    let closed = alice.call_with_password("POST", "/account/deactivate", json!({})).await.ok();
    assert_eq!(closed, json!({"id_server_unbind_result": "success"}));
    assert_eq!(identity.received("/_matrix/identity/v2/3pid/unbind").len(), 1);
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let server = start_federating("127.0.0.2", "").await;
    let alice = server.register("alice").await;
    alice.post(PATH, json!({})).await.refused(400, "M_BAD_JSON");
    let body = |server: &str, token: &str| json!({"client_secret": "secret", "sid": "sid", "id_server": server, "id_access_token": token});
    alice.post(PATH, body("no server", "token")).await.refused(400, "M_INVALID_PARAM");
    alice.post(PATH, body("127.0.0.9:9", "to\nken")).await.refused(400, "M_INVALID_PARAM");
    alice.post(PATH, body("127.0.0.9:9", "token")).await.refused(502, "M_UNKNOWN");
    let path = format!("/_matrix/client/v3{PATH}");
    server.anonymous("POST", &path, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
}
