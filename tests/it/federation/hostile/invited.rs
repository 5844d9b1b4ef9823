//! Invites with something wrong about them.

use serde_json::{Value, json};

use super::{
    flaws::{Flaw, put},
    hosted::{Hosted, Scene},
};
use crate::harness::{Answer, encode};

async fn invite(scene: &Scene, room: &str, event_id: &str, event: Value) -> Answer {
    invite_with(scene, room, event_id, event, json!([])).await
}

async fn invite_with(scene: &Scene, room: &str, event_id: &str, event: Value, face: Value) -> Answer {
    let path = format!("/_matrix/federation/v2/invite/{}/{}", encode(room), encode(event_id));
    let body = json!({"room_version": "11", "event": event, "invite_room_state": face});
    put(&scene.peer, &scene.server, &path, &body).await
}

#[tokio::test]
async fn a_flawed_invite_is_refused_and_shown_to_nobody() {
    let scene = Scene::start().await;
    let room = Hosted::new(&scene.peer, "room");
    let content = json!({"membership": "invite"});
    let good = room.draft(&scene.peer, "m.room.member", Some(&scene.alice.id), content).1;
    for flaw in Flaw::ALL.into_iter().filter(|flaw| flaw.shows_without_the_room()) {
        let (event_id, event) = flaw.spoil(&scene.peer, &good);
        let answer = invite(&scene, &room.id, &event_id, event).await;
        flaw.is_refused(&answer);
    }
    let mut changed = good.clone();
    changed["content"]["reason"] = json!("changed on the way");
    let event_id = crate::harness::event_id(&changed);
    invite(&scene, &room.id, &event_id, changed).await.refused(403, "M_FORBIDDEN");
    let shown = scene.alice.sync(None).await;
    assert!(shown["rooms"]["invite"].as_object().is_none_or(serde_json::Map::is_empty), "{shown}");
    // A good one comes through.
    let event_id = crate::harness::event_id(&good);
    invite(&scene, &room.id, &event_id, good).await.ok();
    scene.alice.sees_invite(&room.id).await;
}

#[tokio::test]
async fn an_odd_face_of_a_room_stops_nobodys_sync() {
    let scene = Scene::start().await;
    let owner = scene.peer.user("owner");
    let named =
        |content: Value| json!({"type": "m.room.name", "state_key": "", "sender": owner, "content": content});
    let deep = (0..80).fold(json!(1), |inner, _| json!([inner]));
    let odd = [
        json!(7),
        json!("x"),
        json!({}),
        json!({"type": 5, "state_key": "", "sender": owner, "content": {}}),
        json!({"type": "m.room.name", "state_key": "", "sender": "nobody", "content": {}}),
        json!({"type": "m.room.name", "state_key": 5, "sender": owner, "content": {}}),
        named(json!([])),
        named(json!({"name": 5})),
        named(json!({"name": {"name": deep}})),
        named(json!({"name": "x".repeat(60_000)})),
        named(json!({"name": "x\u{0}\u{202e}"})),
        json!({"type": "m.room.member", "state_key": "nobody", "sender": owner, "content": {"membership": "x"}}),
        json!({"type": "m.room.create", "state_key": "", "sender": owner, "content": {"room_version": 5}}),
    ];
    let good = named(json!({"name": "Tea"}));
    for (number, odd) in odd.into_iter().enumerate() {
        let room = Hosted::new(&scene.peer, &format!("room{number}"));
        let content = json!({"membership": "invite"});
        let (event_id, event) = room.draft(&scene.peer, "m.room.member", Some(&scene.alice.id), content);
        invite_with(&scene, &room.id, &event_id, event, json!([odd, good])).await.is_sound();
        let shown = scene.alice.sync(None).await;
        if shown["rooms"]["invite"][&room.id].is_object() {
            // What can be shown can be declined.
            scene.alice.leave(&room.id).await.ok();
        }
    }
    let room = Hosted::new(&scene.peer, "last");
    let content = json!({"membership": "invite"});
    let (event_id, event) = room.draft(&scene.peer, "m.room.member", Some(&scene.alice.id), content);
    invite_with(&scene, &room.id, &event_id, event, json!([good])).await.ok();
    scene.alice.sees_invite(&room.id).await;
}
