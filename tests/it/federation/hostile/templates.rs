//! Templates that try to have a server sign what its user did not ask for.

use serde_json::{Value, json};

use super::hosted::{Hosted, Scene};
use crate::harness::{User, encode};

/// What a template may claim: a field, and what it is said to be.
fn lies(scene: &Scene, victim: &User) -> Vec<(&'static str, Value)> {
    let many: Vec<String> = (0..500).map(|number| format!("$event{number}")).collect();
    vec![
        ("sender", json!(victim.id)),
        ("sender", json!(scene.peer.user("owner"))),
        ("state_key", json!(victim.id)),
        ("state_key", json!("")),
        ("type", json!("m.room.power_levels")),
        ("type", json!(null)),
        ("room_id", json!("!other:elsewhere.example")),
        ("content", json!({"membership": "ban"})),
        ("content", json!({"membership": "join", "displayname": "Forged", "org.example.admin": true})),
        ("content", json!({"membership": "join", "join_authorised_via_users_server": victim.id})),
        ("content", json!({"membership": "join", "third_party_invite": {"signed": {}}})),
        ("content", json!([])),
        ("depth", json!(u64::MAX)),
        ("depth", json!(-5)),
        ("prev_events", json!(many)),
        ("prev_events", json!("$event")),
        ("auth_events", json!(many)),
        ("auth_events", json!([])),
        ("signatures", json!({&scene.server.name: {"ed25519:x": "forged"}})),
        ("unsigned", json!({"age": 1})),
        ("redacts", json!("$event")),
        ("origin_server_ts", json!(1)),
    ]
}

#[tokio::test]
async fn no_join_is_signed_but_the_one_the_user_asked_for() {
    let scene = Scene::start().await;
    let (peer, alice) = (&scene.peer, &scene.alice);
    let victim = scene.server.register("victim").await;
    for (number, (field, value)) in lies(&scene, &victim).into_iter().enumerate() {
        let room = Hosted::new(peer, &format!("room{number}"));
        let mut template = room.template(alice);
        template["event"][field] = value.clone();
        let answer = json!({"state": room.events(), "auth_chain": room.events()});
        room.answers_join(peer, template, answer);
        let answer = scene.join(&room).await;
        assert!(answer.status == 200 || answer.body["errcode"].is_string(), "{field}: {}", answer.body);
        for sent in peer.received("/_matrix/federation/v2/send_join/") {
            is_alices(&scene, &sent.body, "join");
        }
    }
    for (number, version) in [json!("99"), json!(null), json!(11), json!("")].into_iter().enumerate() {
        let room = Hosted::new(peer, &format!("version{number}"));
        let mut template = room.template(alice);
        template["room_version"] = version;
        room.answers_join(peer, template, json!({"state": room.events(), "auth_chain": room.events()}));
        let answer = scene.join(&room).await;
        scene.stays_out(&room, answer).await;
    }
}

#[tokio::test]
async fn no_knock_is_signed_but_the_one_the_user_asked_for() {
    let scene = Scene::start().await;
    let (peer, alice) = (&scene.peer, &scene.alice);
    let victim = scene.server.register("victim").await;
    peer.answer("/_matrix/federation/v1/send_knock/", |_| (200, json!({"knock_room_state": []})));
    let lies = [lies(&scene, &victim), vec![("unsigned", Value::Null)]].concat();
    for (number, (field, value)) in lies.into_iter().enumerate() {
        let room = Hosted::new(peer, &format!("room{number}"));
        let mut template = room.template(alice);
        template["event"]["content"]["membership"] = json!("knock");
        template["event"][field] = value.clone();
        peer.answer("/_matrix/federation/v1/make_knock/", move |_| (200, template.clone()));
        let path = format!("/knock/{}?via={}", encode(&room.id), encode(&peer.name));
        let answer = alice.post(&path, json!({})).await;
        assert!(answer.status == 200 || answer.body["errcode"].is_string(), "{field}: {}", answer.body);
    }
    let sent = peer.received("/_matrix/federation/v1/send_knock/");
    assert!(!sent.is_empty(), "the true template is good for a knock");
    for sent in sent {
        is_alices(&scene, &sent.body, "knock");
    }
}

#[tokio::test]
async fn no_departure_is_signed_but_the_one_the_user_asked_for() {
    let scene = Scene::start().await;
    let (peer, alice) = (&scene.peer, &scene.alice);
    let victim = scene.server.register("victim").await;
    peer.answer("/_matrix/federation/v2/send_leave/", |_| (200, json!({})));
    let lies = [lies(&scene, &victim), vec![("unsigned", Value::Null)]].concat();
    for (number, (field, value)) in lies.into_iter().enumerate() {
        let room = Hosted::new(peer, &format!("room{number}"));
        let content = json!({"membership": "invite"});
        let (event_id, invite) = room.draft(peer, "m.room.member", Some(&alice.id), content);
        let path = format!("/_matrix/federation/v2/invite/{}/{}", encode(&room.id), encode(&event_id));
        let body = json!({"room_version": "11", "event": invite, "invite_room_state": []});
        peer.ask(&scene.server, "PUT", &path, Some(body)).await.ok();
        let mut template = room.template(alice);
        template["event"]["content"]["membership"] = json!("leave");
        template["event"][field] = value.clone();
        peer.answer("/_matrix/federation/v1/make_leave/", move |_| (200, template.clone()));
        // Whatever the other server says, the invite is gone.
        alice.leave(&room.id).await.ok();
    }
    let sent = peer.received("/_matrix/federation/v2/send_leave/");
    assert!(!sent.is_empty(), "the true template is good for a departure");
    for sent in sent {
        is_alices(&scene, &sent.body, "leave");
    }
    let invites = &alice.sync(None).await["rooms"]["invite"];
    assert!(invites.as_object().is_none_or(serde_json::Map::is_empty), "{invites}");
}

/// Checks that a signed event is what alice does herself and nothing else.
fn is_alices(scene: &Scene, event: &Value, membership: &str) {
    let alice = json!(scene.alice.id);
    let room = event["room_id"].as_str().unwrap();
    assert!(room.ends_with(&scene.peer.name), "{event}");
    assert_eq!((&event["sender"], &event["state_key"]), (&alice, &alice), "{event}");
    assert_eq!(event["type"], "m.room.member", "{event}");
    let content = event["content"].as_object().unwrap();
    let own = ["membership", "displayname", "avatar_url"];
    assert!(content.keys().all(|key| own.contains(&key.as_str())), "{event}");
    assert_eq!(content["membership"], membership, "{event}");
    let name = content.get("displayname").unwrap_or(&Value::Null);
    assert!(name == "alice" || (name.is_null() && membership == "leave"), "{event}");
    assert!(event["redacts"].is_null() && event["origin_server_ts"].as_u64().unwrap() > 1, "{event}");
    assert_eq!(event["signatures"].as_object().unwrap().len(), 1, "{event}");
    assert!(event["prev_events"].as_array().unwrap().len() <= 20, "{event}");
    assert!(event["auth_events"].as_array().unwrap().len() <= 10, "{event}");
}
