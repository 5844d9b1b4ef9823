//! `POST /_matrix/client/v3/account/3pid/bind`

use serde_json::json;

use super::{bind, with_identity_server};

const PATH: &str = "/account/3pid/bind";

#[tokio::test]
async fn the_identity_server_is_told() {
    let (server, identity) = with_identity_server().await;
    let alice = server.register("alice").await;
    assert_eq!(bind(&alice, &identity, "session").await.ok(), json!({}));
    let asked = identity.received("/_matrix/identity/v2/3pid/bind");
    assert_eq!(asked[0].body, json!({"sid": "session", "client_secret": "secret", "mxid": alice.id}));
    assert_eq!(asked[0].authorization, "Bearer token");
    // An address that is bound elsewhere is none of the account's own.
    assert_eq!(alice.get("/account/3pid").await.ok(), json!({"threepids": []}));
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let (server, identity) = with_identity_server().await;
    let alice = server.register("alice").await;
    bind(&alice, &identity, "unproved").await.refused(400, "M_SESSION_NOT_VALIDATED");
    let at = |id_server: &str| json!({"client_secret": "s", "sid": "1", "id_server": id_server, "id_access_token": "t"});
    for bad in ["", "https://id.example", "id.example?x=y", "a b"] {
        alice.post(PATH, at(bad)).await.refused(400, "M_INVALID_PARAM");
    }
    alice.post(PATH, at("127.0.0.9:1")).await.refused(502, "M_UNKNOWN");
    alice.post(PATH, json!({"sid": "1"})).await.refused(400, "M_BAD_JSON");
    let path = format!("/_matrix/client/v3{PATH}");
    server.anonymous("POST", &path, Some(at("id.example"))).await.refused(401, "M_MISSING_TOKEN");
}
