//! Invites with something wrong about them.

use serde_json::{Value, json};

use super::{
    flaws::Flaw,
    hosted::{Hosted, Scene},
};
use crate::harness::{Answer, encode};

async fn invite(scene: &Scene, room: &str, event_id: &str, event: Value) -> Answer {
    let path = format!("/_matrix/federation/v2/invite/{}/{}", encode(room), encode(event_id));
    let body = json!({"room_version": "11", "event": event, "invite_room_state": []});
    scene.peer.ask(&scene.server, "PUT", &path, Some(body)).await
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
