//! `POST /_matrix/client/v3/account/3pid/unbind`

use serde_json::json;

use crate::harness::{Peer, become_identity_server, start_federating};

const PATH: &str = "/account/3pid/unbind";

#[tokio::test]
async fn an_address_is_taken_back_where_it_was_published() {
    let identity = Peer::start("127.0.0.9").await;
    become_identity_server(&identity, &[]);
    let server = start_federating("127.0.0.2", "").await;
    let alice = server.register("alice").await;
    let address = json!({"medium": "email", "address": "Alice@example.org"});
    let unknown = alice.post(PATH, address.clone()).await.ok();
    assert_eq!(unknown, json!({"id_server_unbind_result": "no-support"}));
    let bind = json!({
        "client_secret": "secret", "sid": "validated", "id_server": identity.name, "id_access_token": "token",
    });
    for (path, address) in [
        (PATH, address.clone()),
        (PATH, json!({"medium": "email", "address": "alice@example.org", "id_server": identity.name})),
        ("/account/3pid/delete", address.clone()),
    ] {
        alice.post("/account/3pid/bind", bind.clone()).await.ok();
        assert_eq!(alice.post(path, address).await.ok(), json!({"id_server_unbind_result": "success"}));
    }
    let asked = identity.received("/_matrix/identity/v2/3pid/unbind");
    assert_eq!(asked.len(), 3);
    let threepid = json!({"medium": "email", "address": "alice@example.org"});
    assert_eq!(asked[0].body, json!({"mxid": alice.id, "threepid": threepid}));
    // The server shows who it is: users have no token there any more.
    let header = asked[0].authorization.as_deref().unwrap();
    assert!(header.starts_with("X-Matrix ") && header.contains(&server.name), "{header}");
    // Nothing is left to take back.
    assert_eq!(alice.post(PATH, address).await.ok(), json!({"id_server_unbind_result": "no-support"}));
    alice.post(PATH, json!({})).await.refused(400, "M_BAD_JSON");
    let path = format!("/_matrix/client/v3{PATH}");
    server.anonymous("POST", &path, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
}
