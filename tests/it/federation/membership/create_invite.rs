//! `PUT /_matrix/federation/v2/invite/{roomId}/{eventId}`

use serde_json::{Value, json};

use crate::{
    federation::shared::checks_signature,
    harness::{Answer, Peer, Server, User, encode, event_id, is_signed, now_ms, start_federating},
};

/// A room of the newest version that a peer has made: its id, and its create event.
fn founded(peer: &Peer) -> (String, Value) {
    let (id, create) = peer.event(json!({
        "type": "m.room.create", "state_key": "", "sender": peer.user("bob"), "content": {"room_version": "12"},
        "depth": 1, "prev_events": [], "auth_events": [], "origin_server_ts": now_ms(),
    }));
    (format!("!{}", id.trim_start_matches('$')), create)
}

fn invite(peer: &Peer, room: &str, user: &str) -> Value {
    json!({
        "type": "m.room.member", "state_key": user, "sender": peer.user("bob"), "room_id": room,
        "content": {"membership": "invite"}, "depth": 5, "prev_events": ["$before"], "auth_events": ["$power"],
        "origin_server_ts": now_ms(),
    })
}

async fn send(peer: &Peer, server: &Server, room: &str, event: Value, face: Value) -> Answer {
    let (event_id, event) = peer.event(event);
    let path = format!("/_matrix/federation/v2/invite/{}/{}", encode(room), encode(&event_id));
    let body = json!({"room_version": "12", "event": event, "invite_room_state": face});
    peer.ask(server, "PUT", &path, Some(body)).await
}

async fn shown_invites(user: &User) -> Value {
    user.sync(None).await["rooms"]["invite"].clone()
}

#[tokio::test]
async fn an_invite_is_signed_and_shown() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let alice = server.register("alice").await;
    let (room, create) = founded(&peer);
    let name = json!({"type": "m.room.name", "state_key": "", "sender": peer.user("bob"), "content": {"name": "Den"}});
    let face = json!([create, name]);
    let answer = send(&peer, &server, &room, invite(&peer, &room, &alice.id), face).await.ok();
    let own = server.anonymous("GET", "/_matrix/key/v2/server", None).await.ok();
    let (key_id, key) = own["verify_keys"].as_object().unwrap().iter().next().unwrap();
    let event = &answer["event"];
    assert!(event["signatures"][&peer.name].is_object(), "{answer}");
    // Events are signed without what redaction takes away.
    assert!(is_signed(&crate::harness::redacted(event), &server.name, key_id, key["key"].as_str().unwrap()));
    assert_eq!(event_id(event), event_id(&peer.event(event.clone()).1));
    let shown = shown_invites(&alice).await;
    let state = shown[&room]["invite_state"]["events"].as_array().unwrap_or_else(|| panic!("{shown}"));
    let types: Vec<_> = state.iter().map(|event| event["type"].as_str().unwrap()).collect();
    for kind in ["m.room.create", "m.room.name", "m.room.member"] {
        assert!(types.contains(&kind), "{types:?}");
    }
}

#[tokio::test]
async fn invites_that_make_no_sense_are_refused_and_disturb_nobody() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let alice = server.register("alice").await;
    let (room, create) = founded(&peer);
    let good = invite(&peer, &room, &alice.id);
    let face = json!([create]);
    // The room does not prove itself.
    send(&peer, &server, &room, good.clone(), json!([])).await.refused(400, "M_MISSING_PARAM");
    let (_, other) = founded(&peer);
    let mut other = other;
    other["origin_server_ts"] = json!(1);
    let answer = send(&peer, &server, &room, good.clone(), json!([other])).await;
    assert!((400..500).contains(&answer.status), "{}", answer.body);
    // What comes along is nonsense, or too much.
    send(&peer, &server, &room, good.clone(), json!([create, 7])).await.refused(400, "M_INVALID_PARAM");
    let flood: Vec<Value> = (0..200).map(|number| json!({"type": "org.x", "state_key": number.to_string(), "sender": peer.user("bob"), "content": {}})).collect();
    send(&peer, &server, &room, good.clone(), json!(flood)).await.refused(413, "M_TOO_LARGE");
    // For somebody else, by somebody else, or for nobody.
    let elsewhere = invite(&peer, &room, "@eve:elsewhere.example");
    send(&peer, &server, &room, elsewhere, face.clone()).await.refused(400, "M_INVALID_PARAM");
    let nobody = invite(&peer, &room, &format!("@nobody:{}", server.name));
    send(&peer, &server, &room, nobody, face.clone()).await.refused(404, "M_NOT_FOUND");
    let mut forged = good.clone();
    forged["sender"] = json!("@eve:elsewhere.example");
    send(&peer, &server, &room, forged, face.clone()).await.refused(403, "M_FORBIDDEN");
    let mut joined = good.clone();
    joined["content"]["membership"] = json!("join");
    send(&peer, &server, &room, joined, face.clone()).await.refused(400, "M_INVALID_PARAM");
    // Unsigned, or of a version that nobody knows.
    let (event_id, mut event) = peer.event(good.clone());
    event["signatures"] = json!({});
    let path = format!("/_matrix/federation/v2/invite/{}/{}", encode(&room), encode(&event_id));
    let body = |event: &Value, version: &str| json!({"room_version": version, "event": event, "invite_room_state": face});
    peer.ask(&server, "PUT", &path, Some(body(&event, "12"))).await.refused(403, "M_FORBIDDEN");
    let answer = peer.ask(&server, "PUT", &path, Some(body(&event, "org.example.99"))).await;
    answer.refused(400, "M_INCOMPATIBLE_ROOM_VERSION");
    checks_signature(&server, &peer, "PUT", &path, Some(body(&event, "12"))).await;
    assert_eq!(shown_invites(&alice).await, Value::Null);
}

#[tokio::test]
async fn whoever_wants_no_invites_gets_none() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let alice = server.register("alice").await;
    let (room, create) = founded(&peer);
    let path = format!("/user/{}/account_data/m.invite_permission_config", encode(&alice.id));
    alice.put(&path, json!({"default_action": "block"})).await.ok();
    let answer = send(&peer, &server, &room, invite(&peer, &room, &alice.id), json!([create])).await;
    answer.refused(403, "M_INVITE_BLOCKED");
}

#[tokio::test]
async fn who_is_ignored_invites_without_a_trace() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let alice = server.register("alice").await;
    let (room, create) = founded(&peer);
    let path =
        format!("/user/{}/account_data/org.matrix.msc4155.invite_permission_config", encode(&alice.id));
    alice.put(&path, json!({"ignored_servers": ["127.0.0.*"]})).await.ok();
    send(&peer, &server, &room, invite(&peer, &room, &alice.id), json!([create])).await.ok();
    assert_eq!(shown_invites(&alice).await, Value::Null);
    alice.put(&path, json!({"blocked_servers": ["127.0.0.*"]})).await.ok();
    let answer = send(&peer, &server, &room, invite(&peer, &room, &alice.id), json!([create])).await;
    answer.refused(403, "M_INVITE_BLOCKED");
}
