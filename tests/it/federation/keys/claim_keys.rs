//! `POST /_matrix/federation/v1/user/keys/claim`

use serde_json::{Value, json};

use crate::{
    federation::shared::checks_signature,
    harness::{Peer, Server, User, start_federating},
};

const PATH: &str = "/_matrix/federation/v1/user/keys/claim";
const ALGORITHM: &str = "signed_curve25519";

fn wish(user: &User) -> Value {
    json!({"one_time_keys": {&user.id: {&user.device: ALGORITHM}}})
}

async fn claim(peer: &Peer, server: &Server, user: &User) -> Value {
    peer.ask(server, "POST", PATH, Some(wish(user))).await.ok()["one_time_keys"].take()
}

#[tokio::test]
async fn a_key_goes_to_one_server_or_user_and_the_fallback_key_to_all() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let key = alice.publish_device(1).await;
    alice.publish_session_keys(&key, &["first", "second", "third"]).await;
    let id = |text: &str| format!("{ALGORITHM}:{text}");
    let given = |text: &str| json!({&alice.id: {&alice.device: {id(text): key.session_key(text)}}});
    assert_eq!(claim(&peer, &server, &alice).await, given("first"));
    assert_eq!(bob.post("/keys/claim", wish(&alice)).await.ok()["one_time_keys"], given("second"));
    assert_eq!(claim(&peer, &server, &alice).await, given("third"));
    assert_eq!(claim(&peer, &server, &alice).await, json!({}));
    let fallback = json!({id("fallback"): key.session_key("fallback")});
    alice.post("/keys/upload", json!({"fallback_keys": fallback})).await.ok();
    for _ in 0..2 {
        assert_eq!(claim(&peer, &server, &alice).await, given("fallback"));
    }
    assert_eq!(alice.sync(None).await["device_unused_fallback_key_types"], json!([]));
    checks_signature(&server, &peer, "POST", PATH, Some(wish(&alice))).await;
}

#[tokio::test]
async fn who_is_not_here_has_no_keys_and_bad_wishes_are_refused() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let alice = server.register("alice").await;
    let key = alice.publish_device(1).await;
    alice.publish_session_keys(&key, &["only"]).await;
    let nobody = format!("@nobody:{}", server.name);
    let wishes = [
        json!({&alice.id: {"ELSEWHERE": ALGORITHM}}),
        json!({&alice.id: {&alice.device: "unheard_of"}}),
        json!({nobody: {"DEVICE": ALGORITHM}, "@eve:elsewhere.example": {"DEVICE": ALGORITHM}}),
    ];
    for wish in wishes {
        let answer = peer.ask(&server, "POST", PATH, Some(json!({"one_time_keys": wish}))).await.ok();
        assert_eq!(answer, json!({"one_time_keys": {}}));
    }
    for body in [json!({}), json!({"one_time_keys": 7}), json!({"one_time_keys": {&alice.id: ["DEVICE"]}})] {
        peer.ask(&server, "POST", PATH, Some(body)).await.refused(400, "M_BAD_JSON");
    }
    assert!(claim(&peer, &server, &alice).await[&alice.id].is_object(), "nobody has taken the key");
}
