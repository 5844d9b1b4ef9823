//! Joining through a server that lies about the room: what it says is no more believed than what anybody says.

use serde_json::{Value, json};

use super::{
    authorised_by,
    flaws::Flaw,
    hosted::{Hosted, Scene},
};
use crate::harness::encode;

#[tokio::test]
async fn a_flawed_entry_of_the_state_is_left_out() {
    let scene = Scene::start().await;
    for (number, flaw) in Flaw::ALL.into_iter().enumerate() {
        let mut room = Hosted::new(&scene.peer, &format!("room{number}"));
        room.set(&scene.peer, "m.room.name", "", json!({"name": "good"}));
        let topic = room.draft(&scene.peer, "m.room.topic", Some(""), json!({"topic": "bad"})).1;
        let (bad_id, bad) = flaw.spoil(&scene.peer, &topic);
        room.lets_in(&scene.peer, &scene.alice, &[room.events(), vec![bad]].concat());
        scene.join(&room).await.ok();
        let state = scene.alice.room_state(&room.id).await;
        assert!(state.contains_key(&("m.room.name".to_owned(), String::new())), "{flaw:?}: {state:?}");
        assert!(!state.contains_key(&("m.room.topic".to_owned(), String::new())), "{flaw:?}: {state:?}");
        scene.alice.event(&room.id, &bad_id).await.refused(404, "M_NOT_FOUND");
        scene.is_in(&room).await;
    }
}

#[tokio::test]
async fn what_was_changed_on_the_way_counts_without_its_content() {
    let scene = Scene::start().await;
    let mut room = Hosted::new(&scene.peer, "room");
    room.set(&scene.peer, "m.room.topic", "", json!({"topic": "before"}));
    let mut state = room.events();
    state.last_mut().unwrap()["content"]["topic"] = json!("changed on the way");
    room.lets_in(&scene.peer, &scene.alice, &state);
    scene.join(&room).await.ok();
    assert_eq!(scene.alice.state(&room.id, "m.room.topic", "").await.ok(), json!({}));
    scene.is_in(&room).await;
}

#[tokio::test]
async fn what_the_rules_forbid_is_no_part_of_the_state() {
    let scene = Scene::start().await;
    let (peer, alice) = (&scene.peer, &scene.alice);
    let mut room = Hosted::new(peer, "room");
    let guest = peer.user("guest");
    let joined = {
        let mut event = room.draft(peer, "m.room.member", Some(&guest), json!({"membership": "join"})).1;
        event["sender"] = json!(guest);
        resigned(&scene, event)
    };
    room.state.push(joined);
    let by = |sender: &str, kind: &str, content: Value| {
        let mut event = room.draft(peer, kind, Some(""), content).1;
        event["sender"] = json!(sender);
        resigned(&scene, event).1
    };
    // Nor by claiming to be allowed by what is not allowed.
    let levels = by(&guest, "m.room.power_levels", json!({"users": {&guest: 100}, "state_default": 0}));
    let known = room.id_of("m.room.power_levels");
    let name = by(&guest, "m.room.name", json!({"name": "mine"}));
    let name = authorised_by(peer, name, &known, &crate::harness::event_id(&levels)).1;
    let forged = [
        levels,
        name,
        // Nobody without power sets a topic, or makes themselves powerful.
        by(&guest, "m.room.topic", json!({"topic": "mine"})),
        by(&guest, "m.room.power_levels", json!({"users": {&guest: 100}})),
        // Nobody signs for alice but her server.
        by(&alice.id, "m.room.avatar", json!({"url": "mxc://elsewhere.example/x"})),
    ];
    room.lets_in(peer, alice, &[room.events(), forged.to_vec()].concat());
    scene.join(&room).await.ok();
    for kind in ["m.room.topic", "m.room.avatar", "m.room.name"] {
        alice.state(&room.id, kind, "").await.refused(404, "M_NOT_FOUND");
    }
    let levels = alice.state(&room.id, "m.room.power_levels", "").await.ok();
    assert_eq!(levels["users"], json!({&room.owner: 100}));
    scene.is_in(&room).await;
}

/// An event with changes, hashed and signed anew.
fn resigned(scene: &Scene, mut event: Value) -> (String, Value) {
    event.as_object_mut().unwrap().remove("signatures");
    scene.peer.event(event)
}

#[tokio::test]
async fn a_room_without_a_true_beginning_is_not_joined() {
    let scene = Scene::start().await;
    let (peer, alice) = (&scene.peer, &scene.alice);
    let lies: [fn(&mut Vec<Value>); 6] = [
        |state| drop(state.remove(0)),
        |state| state[0]["signatures"] = json!({}),
        |state| state[0]["room_id"] = json!("!other:elsewhere.example"),
        |state| state.clear(),
        |state| state.truncate(1),
        // The events of the room stand on another beginning than the one that comes with them.
        |state| state[0]["origin_server_ts"] = json!(1),
    ];
    for (number, lie) in lies.into_iter().enumerate() {
        let room = Hosted::new(peer, &format!("room{number}"));
        let mut state = room.events();
        lie(&mut state);
        room.lets_in(peer, alice, &state);
        let answer = scene.join(&room).await;
        scene.stays_out(&room, answer).await;
    }
    // A room of another version than the template says.
    let mut room = Hosted::new(peer, "other-version");
    room.state.clear();
    room.newest.clear();
    room.set(peer, "m.room.create", "", json!({"room_version": "10", "creator": room.owner}));
    room.lets_in(peer, alice, &room.events());
    let answer = scene.join(&room).await;
    scene.stays_out(&room, answer).await;
    // The server is none the worse for it.
    let room = Hosted::new(peer, "good");
    room.lets_in(peer, alice, &room.events());
    scene.join(&room).await.ok();
    scene.is_in(&room).await;
}

#[tokio::test]
async fn a_room_that_does_not_let_one_in_is_not_joined_by_saying_so() {
    let scene = Scene::start().await;
    let (peer, alice) = (&scene.peer, &scene.alice);
    let mut invite_only = Hosted::new(peer, "invite");
    invite_only.set(peer, "m.room.join_rules", "", json!({"join_rule": "invite"}));
    let mut banned = Hosted::new(peer, "ban");
    banned.set(peer, "m.room.member", &alice.id, json!({"membership": "ban"}));
    for room in [invite_only, banned] {
        room.lets_in(peer, alice, &room.events());
        let answer = scene.join(&room).await;
        scene.stays_out(&room, answer).await;
    }
}

#[tokio::test]
async fn answers_without_form_are_no_answers() {
    let scene = Scene::start().await;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for (number, answer) in [
        "{}".to_owned(),
        "[]".to_owned(),
        "\"yes\"".to_owned(),
        "{\"state\": [".to_owned(),
        json!({"state": 5, "auth_chain": []}).to_string(),
        json!({"state": [5, null, [], {}], "auth_chain": [{"type": 1}]}).to_string(),
        json!({"state": [], "auth_chain": [], "event": 7, "origin": []}).to_string(),
        format!("{{\"state\":[{deep}],\"auth_chain\":[]}}"),
    ]
    .into_iter()
    .enumerate()
    {
        let room = Hosted::new(&scene.peer, &format!("room{number}"));
        room.answers_join(&scene.peer, room.template(&scene.alice), json!({}));
        scene.peer.answer_text("/_matrix/federation/v2/send_join/", answer);
        let answer = scene.join(&room).await;
        scene.stays_out(&room, answer).await;
    }
    for status in [400, 403, 404, 500, 502] {
        let room = Hosted::new(&scene.peer, &format!("status{status}"));
        room.lets_in(&scene.peer, &scene.alice, &room.events());
        scene.peer.answer("/_matrix/federation/v2/send_join/", move |_| (status, json!("<html>")));
        let answer = scene.join(&room).await;
        scene.stays_out(&room, answer).await;
        let path = format!("/rooms/{}/state", encode(&room.id));
        scene.alice.get(&path).await.refused(403, "M_FORBIDDEN");
    }
}
