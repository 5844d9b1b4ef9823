//! Users of other servers come, knock, are invited, and go.

mod create_invite;
mod create_invite_v1;
mod create_join_event;
mod create_knock_event;
mod create_leave_event;
mod prepare_join_event;
mod prepare_knock_event;
mod prepare_leave_event;

use serde_json::{Value, json};

use crate::harness::{Answer, Peer, Server, encode, now_ms};

/// The path of a template.
fn template_path(verb: &str, room: &str, user: &str) -> String {
    format!("/_matrix/federation/v1/{verb}/{}/{}?ver=10&ver=11&ver=12", encode(room), encode(user))
}

/// A template, made into an event by whoever asked for it.
async fn drafted(peer: &Peer, server: &Server, verb: &str, room: &str, user: &str) -> Value {
    let mut event = peer.get(server, &template_path(verb, room, user)).await.ok()["event"].take();
    event["origin_server_ts"] = json!(now_ms());
    event
}

/// Hands a signed event in.
async fn hand_in(peer: &Peer, server: &Server, verb: &str, room: &str, event: Value) -> Answer {
    let (event_id, event) = peer.event(event);
    let path = format!("/_matrix/federation/{verb}/{}/{}", encode(room), encode(&event_id));
    peer.ask(server, "PUT", &path, Some(event)).await
}

/// Checks what every endpoint that takes a signed member event refuses: `event` is a good one, made anew for each try.
async fn refuses_damage(peer: &Peer, server: &Server, verb: &str, room: &str, event: &Value) {
    let damaged = |change: &dyn Fn(&mut Value)| {
        let mut damaged = event.clone();
        change(&mut damaged);
        damaged
    };
    let other_type = damaged(&|event| event["type"] = json!("m.room.topic"));
    hand_in(peer, server, verb, room, other_type).await.refused(400, "M_INVALID_PARAM");
    let other_membership = damaged(&|event| event["content"]["membership"] = json!("ban"));
    hand_in(peer, server, verb, room, other_membership).await.refused(400, "M_INVALID_PARAM");
    let other_user = damaged(&|event| {
        event["sender"] = json!("@eve:elsewhere.example");
        event["state_key"] = json!("@eve:elsewhere.example");
    });
    let answer = hand_in(peer, server, verb, room, other_user).await;
    assert!((400..500).contains(&answer.status), "{} answered {}", answer.request, answer.body);

    // Signed by nobody, under another id, in another room.
    let (event_id, signed) = peer.event(event.clone());
    let path = |room: &str, event_id: &str| {
        format!("/_matrix/federation/{verb}/{}/{}", encode(room), encode(event_id))
    };
    let mut unsigned = signed.clone();
    unsigned["signatures"] = json!({});
    peer.ask(server, "PUT", &path(room, &event_id), Some(unsigned)).await.refused(403, "M_FORBIDDEN");
    let elsewhere = path("!elsewhere:example.org", &event_id);
    let answer = peer.ask(server, "PUT", &elsewhere, Some(signed.clone())).await;
    assert!((400..500).contains(&answer.status), "{} answered {}", answer.request, answer.body);
    let other_id = path(room, "$another");
    peer.ask(server, "PUT", &other_id, Some(signed)).await.refused(400, "M_INVALID_PARAM");
    peer.ask(server, "PUT", &path(room, &event_id), Some(json!({}))).await.refused(400, "M_INVALID_PARAM");
}
