//! `PUT /_matrix/federation/v1/send/{txnId}`

use serde_json::{Value, json};

use crate::{
    federation::shared::{Shared, checks_signature},
    harness::encode,
};

/// What became of an event, as the answer tells it.
fn outcome<'a>(answer: &'a Value, event_id: &str) -> &'a Value {
    let outcome = &answer["pdus"][event_id];
    assert!(outcome.is_object(), "nothing about {event_id}: {answer}");
    outcome
}

#[tokio::test]
async fn events_arrive_once_however_often_they_are_sent() {
    let shared = Shared::start().await;
    let (peer, server) = (&shared.peer, &shared.server);
    let (event_id, event) = peer.message(server, &shared.room, &shared.bob, "hello").await;
    for transaction in ["1", "1", "2"] {
        let answer = peer.send(server, transaction, std::slice::from_ref(&event)).await.ok();
        assert_eq!(outcome(&answer, &event_id), &json!({}));
    }
    let page = shared.alice.messages(&shared.room, "dir=b&limit=10").await;
    let bodies = page["chunk"].as_array().unwrap().iter();
    assert_eq!(bodies.filter(|event| event["content"]["body"] == "hello").count(), 1);
    let path = "/_matrix/federation/v1/send/3";
    checks_signature(server, peer, "PUT", path, Some(json!({"pdus": [], "edus": []}))).await;
}

#[tokio::test]
async fn one_bad_event_costs_only_itself() {
    let shared = Shared::start().await;
    let (peer, server) = (&shared.peer, &shared.server);
    let (good_id, good) = peer.message(server, &shared.room, &shared.bob, "good").await;
    let (_, mut damaged) = peer.message(server, &shared.room, &shared.bob, "damaged").await;
    damaged["signatures"] = json!({});
    let (eve_id, eve) = peer.message(server, &shared.room, &shared.bob, "eve").await;
    let mut eve = eve;
    eve["sender"] = json!(shared.alice.id);
    let pdus = [json!(7), json!({}), damaged, eve, good];
    let answer = peer.send(server, "mixed", &pdus).await.ok();
    assert_eq!(outcome(&answer, &good_id), &json!({}));
    assert!(answer["pdus"][&eve_id].is_null() || answer["pdus"][&eve_id]["error"].is_string(), "{answer}");
    let page = shared.alice.messages(&shared.room, "dir=b&limit=10").await;
    let said: Vec<_> = page["chunk"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|event| event["content"]["body"].as_str())
        .collect();
    assert_eq!(said, ["good"]);
}

#[tokio::test]
async fn rules_and_acls_hold_for_what_is_delivered() {
    let shared = Shared::start().await;
    let (peer, server) = (&shared.peer, &shared.server);
    // Bob has no power to name the room.
    let name = json!({"name": "Bob's"});
    let (named, event) = peer.draft(server, &shared.room, &shared.bob, "m.room.name", Some(""), name).await;
    let answer = peer.send(server, "name", &[event]).await.ok();
    assert!(outcome(&answer, &named)["error"].is_string(), "{answer}");
    let path = format!("/rooms/{}/state/m.room.name", encode(&shared.room));
    shared.alice.get(&path).await.refused(404, "M_NOT_FOUND");
    let (event_id, event) = peer.message(server, &shared.room, &shared.bob, "unheard").await;
    let acl = json!({"allow": ["*"], "deny": ["127.0.0.7"]});
    shared.alice.set_state(&shared.room, "m.room.server_acl", "", acl).await.ok();
    let answer = peer.send(server, "shut out", &[event]).await.ok();
    assert!(outcome(&answer, &event_id)["error"].is_string(), "{answer}");
}

#[tokio::test]
async fn transactions_have_a_size_and_a_form() {
    let shared = Shared::start().await;
    let (peer, server) = (&shared.peer, &shared.server);
    let many = vec![json!({}); 51];
    peer.send(server, "many", &many).await.refused(400, "M_INVALID_PARAM");
    let edus = vec![json!({"edu_type": "m.typing", "content": {}}); 101];
    peer.send_with(server, "edus", json!({"edus": edus})).await.refused(400, "M_INVALID_PARAM");
    peer.send_with(server, "form", json!({"pdus": 7})).await.refused(400, "M_BAD_JSON");
    // Who sent it is known from the signature.
    let (event_id, event) = peer.message(server, &shared.room, &shared.bob, "hello").await;
    let lie = json!({"origin": "elsewhere.example", "pdus": [event]});
    let answer = peer.send_with(server, "lie", lie).await.ok();
    assert_eq!(outcome(&answer, &event_id), &json!({}));
}

#[tokio::test]
async fn nobody_types_or_reads_for_others() {
    let shared = Shared::start().await;
    let (peer, server) = (&shared.peer, &shared.server);
    let said = shared.alice.say(&shared.room, "read this").await;
    let since = shared.alice.now().await;
    let typing = |user: &str| json!({"edu_type": "m.typing", "content": {"room_id": shared.room, "user_id": user, "typing": true}});
    let receipt = |user: &str| {
        let read = json!({"m.read": {user: {"event_ids": [said], "data": {"ts": 1}}}});
        json!({"edu_type": "m.receipt", "content": {&shared.room: read}})
    };
    let carol = server.register("carol").await;
    carol.join(&shared.room).await.ok();
    let forged =
        json!({"edus": [typing(&carol.id), receipt(&carol.id), typing(&shared.bob), receipt(&shared.bob)]});
    peer.send_with(server, "edus", forged).await.ok();
    let (mut typed, mut read) = (Value::Null, Value::Null);
    shared
        .alice
        .sync_until(Some(&since), |answer| {
            let events = answer["rooms"]["join"][&shared.room]["ephemeral"]["events"].as_array()?.clone();
            for event in events {
                match event["type"].as_str() {
                    Some("m.typing") => typed = event["content"]["user_ids"].clone(),
                    Some("m.receipt") => read = event["content"][&said]["m.read"].clone(),
                    _ => {}
                }
            }
            (!typed.is_null() && !read.is_null()).then_some(())
        })
        .await;
    assert_eq!(typed, json!([shared.bob]));
    assert_eq!(read.as_object().unwrap().keys().collect::<Vec<_>>(), [&shared.bob]);
}
