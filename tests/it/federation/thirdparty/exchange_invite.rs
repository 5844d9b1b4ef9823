//! `PUT /_matrix/federation/v1/exchange_third_party_invite/{roomId}`

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use serde_json::{Value, json};

use super::{identity_server, proof, room_with_invited_address};
use crate::{
    federation::shared::checks_signature,
    harness::{Peer, encode, start_federating},
};

fn wish(room: &str, sender: &str, target: &str, signed: Value) -> Value {
    json!({
        "type": "m.room.member", "room_id": room, "sender": sender, "state_key": target,
        "content": {"membership": "invite", "third_party_invite": {"display_name": "b", "signed": signed}},
    })
}

#[tokio::test]
async fn the_owner_of_the_address_is_invited() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let peer = Arc::new(peer);
    let signer = Arc::clone(&peer);
    peer.answer("/_matrix/federation/v2/invite", move |request| {
        (200, json!({"event": signer.event(request.body["event"].clone()).1}))
    });
    let alice = server.register("alice").await;
    let room = room_with_invited_address(&alice).await;
    let bob = peer.user("bob");
    let path = format!("/_matrix/federation/v1/exchange_third_party_invite/{}", encode(&room));
    let body = wish(&room, &alice.id, &bob, proof(&identity_server(), &bob));
    peer.ask(&server, "PUT", &path, Some(body.clone())).await.ok();
    let member =
        alice.get(&format!("/rooms/{}/state/m.room.member/{}", encode(&room), encode(&bob))).await.ok();
    assert_eq!(member["membership"], "invite");
    assert_eq!(member["third_party_invite"]["signed"]["mxid"], bob);
    assert_eq!(peer.received("/_matrix/federation/v2/invite").len(), 1);
    checks_signature(&server, &peer, "PUT", &path, Some(body)).await;
}

#[tokio::test]
async fn nobody_else_is() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let alice = server.register("alice").await;
    let room = room_with_invited_address(&alice).await;
    let (bob, eve) = (peer.user("bob"), "@eve:elsewhere.example");
    let path = format!("/_matrix/federation/v1/exchange_third_party_invite/{}", encode(&room));
    let key = identity_server();
    let others = wish(&room, &alice.id, eve, proof(&key, eve));
    peer.ask(&server, "PUT", &path, Some(others)).await.refused(403, "M_FORBIDDEN");
    let stolen = wish(&room, &alice.id, &bob, proof(&key, eve));
    peer.ask(&server, "PUT", &path, Some(stolen)).await.refused(403, "M_FORBIDDEN");
    let forged = wish(&room, &alice.id, &bob, proof(&SigningKey::from_bytes(&[8; 32]), &bob));
    peer.ask(&server, "PUT", &path, Some(forged)).await.refused(403, "M_FORBIDDEN");
    let mut join = wish(&room, &alice.id, &bob, proof(&key, &bob));
    join["content"]["membership"] = json!("join");
    peer.ask(&server, "PUT", &path, Some(join)).await.refused(400, "M_INVALID_PARAM");
    let empty = json!({"type": "m.room.member", "room_id": room, "sender": alice.id, "state_key": bob, "content": {}});
    peer.ask(&server, "PUT", &path, Some(empty)).await.refused(400, "M_BAD_JSON");
    assert!(peer.received("/_matrix/federation/v2/invite").is_empty());
}
