//! `GET /_matrix/federation/v1/query/profile`

use serde_json::json;

use crate::{
    federation::shared::checks_signature,
    harness::{Peer, encode, start_federating},
};

#[tokio::test]
async fn a_profile_is_told_whole_or_by_field() {
    let server = start_federating("127.0.0.2", "").await;
    let alice = server.register("alice").await;
    let peer = Peer::start("127.0.0.7").await;
    for (field, value) in [("displayname", json!("Alice")), ("m.tz", json!("Europe/Berlin"))] {
        let path = format!("/profile/{}/{field}", encode(&alice.id));
        alice.put(&path, json!({field: value})).await.ok();
    }
    let path = format!("/_matrix/federation/v1/query/profile?user_id={}", encode(&alice.id));
    let whole = peer.get(&server, &path).await.ok();
    assert_eq!(whole, json!({"displayname": "Alice", "m.tz": "Europe/Berlin"}));
    let name = peer.get(&server, &format!("{path}&field=displayname")).await.ok();
    assert_eq!(name, json!({"displayname": "Alice"}));
    // What is not set is left out.
    assert_eq!(peer.get(&server, &format!("{path}&field=avatar_url")).await.ok(), json!({}));
    checks_signature(&server, &peer, "GET", &path, None).await;
}

#[tokio::test]
async fn who_is_not_here_has_no_profile_here() {
    let server = start_federating("127.0.0.2", "").await;
    let alice = server.register("alice").await;
    let peer = Peer::start("127.0.0.7").await;
    let query = async |user: &str| {
        peer.get(&server, &format!("/_matrix/federation/v1/query/profile?user_id={}", encode(user))).await
    };
    query(&format!("@nobody:{}", server.name)).await.refused(404, "M_NOT_FOUND");
    query("@alice:elsewhere.example").await.refused(404, "M_NOT_FOUND");
    query("alice").await.refused(400, "M_INVALID_PARAM");
    peer.get(&server, "/_matrix/federation/v1/query/profile").await.refused(400, "M_MISSING_PARAM");
    alice.call_with_password("POST", "/account/deactivate", json!({})).await.ok();
    query(&alice.id).await.refused(404, "M_NOT_FOUND");
}
