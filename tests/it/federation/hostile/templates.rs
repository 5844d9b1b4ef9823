//! Templates that try to have a server sign what its user did not ask for.

use serde_json::{Value, json};

use super::hosted::{Hosted, Scene};

#[tokio::test]
async fn nothing_is_signed_but_what_the_user_asked_for() {
    let scene = Scene::start().await;
    let (peer, alice) = (&scene.peer, &scene.alice);
    let victim = scene.server.register("victim").await;
    let many: Vec<String> = (0..500).map(|number| format!("$event{number}")).collect();
    let lies = [
        ("sender", json!(victim.id)),
        ("sender", json!(peer.user("owner"))),
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
    ];
    for (number, (field, value)) in lies.into_iter().enumerate() {
        let room = Hosted::new(peer, &format!("room{number}"));
        let mut template = room.template(alice);
        template["event"][field] = value.clone();
        let answer = json!({"state": room.events(), "auth_chain": room.events()});
        room.answers_join(peer, template, answer);
        let answer = scene.join(&room).await;
        assert!(answer.status == 200 || answer.body["errcode"].is_string(), "{field}: {}", answer.body);
        for sent in peer.received("/_matrix/federation/v2/send_join/") {
            is_alices_join(&scene, &sent.body);
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

/// Checks that a signed event is alice's own join and nothing else.
fn is_alices_join(scene: &Scene, event: &Value) {
    let alice = json!(scene.alice.id);
    let room = event["room_id"].as_str().unwrap();
    assert!(room.ends_with(&scene.peer.name), "{event}");
    assert_eq!((&event["sender"], &event["state_key"]), (&alice, &alice), "{event}");
    assert_eq!(event["type"], "m.room.member", "{event}");
    let content = event["content"].as_object().unwrap();
    let own = ["membership", "displayname", "avatar_url"];
    assert!(content.keys().all(|key| own.contains(&key.as_str())), "{event}");
    assert_eq!(
        (&content["membership"], &content["displayname"]),
        (&json!("join"), &json!("alice")),
        "{event}"
    );
    assert!(event["redacts"].is_null() && event["origin_server_ts"].as_u64().unwrap() > 1, "{event}");
    assert_eq!(event["signatures"].as_object().unwrap().len(), 1, "{event}");
    assert!(event["prev_events"].as_array().unwrap().len() <= 20, "{event}");
    assert!(event["auth_events"].as_array().unwrap().len() <= 10, "{event}");
}
