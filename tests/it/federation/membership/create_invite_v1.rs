//! `PUT /_matrix/federation/v1/invite/{roomId}/{eventId}`

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    federation::shared::checks_signature,
    harness::{Peer, encode, now_ms, redacted, start_federating},
};

/// An invite into a room of version 1, which carries its id and names others with their hashes.
fn invite(peer: &Peer, room: &str, user: &str) -> (String, Value) {
    let event_id = format!("$invite:{}", peer.name);
    let mut event = json!({
        "type": "m.room.member", "state_key": user, "sender": peer.user("bob"), "room_id": room, "event_id": event_id,
        "content": {"membership": "invite"}, "depth": 5, "prev_events": [[format!("$before:{}", peer.name), {"sha256": "AA"}]],
        "auth_events": [], "origin": peer.name, "origin_server_ts": now_ms(),
    });
    let hash = BASE64_STANDARD_NO_PAD.encode(Sha256::digest(event.to_string()));
    event["hashes"] = json!({"sha256": hash});
    // Until version 10 redaction keeps `origin`.
    let mut left = redacted(&event);
    left["origin"] = event["origin"].clone();
    event["signatures"] = peer.signed(left)["signatures"].clone();
    (event_id, event)
}

#[tokio::test]
async fn an_invite_of_old_is_signed_and_shown() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let alice = server.register("alice").await;
    let room = format!("!old:{}", peer.name);
    let (event_id, mut event) = invite(&peer, &room, &alice.id);
    event["unsigned"] = json!({"invite_room_state": [
        {"type": "m.room.name", "state_key": "", "sender": peer.user("bob"), "content": {"name": "Den"}},
    ]});
    let path = format!("/_matrix/federation/v1/invite/{}/{}", encode(&room), encode(&event_id));
    let answer = peer.ask(&server, "PUT", &path, Some(event.clone())).await.ok();
    assert_eq!(answer[0], 200);
    assert!(answer[1]["event"]["signatures"][&server.name].is_object(), "{answer}");
    let shown = alice.sync(None).await;
    assert!(shown["rooms"]["invite"][&room].is_object(), "{shown}");
    checks_signature(&server, &peer, "PUT", &path, Some(event)).await;
}

#[tokio::test]
async fn forgeries_are_refused() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let alice = server.register("alice").await;
    let room = format!("!old:{}", peer.name);
    let (event_id, event) = invite(&peer, &room, &alice.id);
    let path =
        |event_id: &str| format!("/_matrix/federation/v1/invite/{}/{}", encode(&room), encode(event_id));
    let mut unsigned = event.clone();
    unsigned["signatures"] = json!({});
    peer.ask(&server, "PUT", &path(&event_id), Some(unsigned)).await.refused(403, "M_FORBIDDEN");
    let other = path("$other:example.org");
    peer.ask(&server, "PUT", &other, Some(event)).await.refused(400, "M_INVALID_PARAM");
    peer.ask(&server, "PUT", &path(&event_id), Some(json!({}))).await.refused(400, "M_INVALID_PARAM");
    assert_eq!(alice.sync(None).await["rooms"], Value::Null);
}
