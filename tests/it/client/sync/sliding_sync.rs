//! `POST /_matrix/client/unstable/org.matrix.simplified_msc3575/sync`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Answer, Key, Server, User, two_in_a_room};

const PATH: &str = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync";

async fn ask(user: &User, query: &str, body: &Value) -> Answer {
    user.post(&format!("{PATH}?{query}"), body.clone()).await
}

/// What a phone asks for at first.
fn all_rooms() -> Value {
    json!({
        "conn_id": "room-list",
        "lists": {"all_rooms": {
            "ranges": [[0, 19]],
            "timeline_limit": 1,
            "required_state": [["m.room.name", ""], ["m.room.encryption", ""], ["m.room.member", "$LAZY"], ["m.room.member", "$ME"]],
            "filters": {"not_room_types": ["m.space"]},
        }},
        "extensions": {"account_data": {"enabled": true}, "receipts": {"enabled": true}, "typing": {"enabled": true}},
    })
}

#[tokio::test]
async fn a_phone_starts_waits_and_is_woken() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let versions = server.anonymous("GET", "/_matrix/client/versions", None).await.ok();
    assert_eq!(versions["unstable_features"]["org.matrix.simplified_msc3575"], true);
    alice.say(&room, "before").await;
    let start = ask(&bob, "timeout=0", &all_rooms()).await.ok();
    assert_eq!(start["lists"]["all_rooms"]["count"], 1);
    let told = &start["rooms"][&room];
    assert_eq!((&told["initial"], &told["timeline"][0]["content"]["body"]), (&json!(true), &json!("before")));
    assert_eq!((&told["joined_count"], &told["notification_count"]), (&json!(2), &json!(1)));
    assert_eq!(told["heroes"][0]["user_id"], alice.id);

    let pos = start["pos"].as_str().unwrap().to_owned();
    let waiting = tokio::spawn({
        let bob = bob.clone();
        async move { ask(&bob, &format!("pos={pos}&timeout=20000"), &all_rooms()).await.ok() }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!waiting.is_finished(), "the answer came before anything happened");
    alice.say(&room, "after").await;
    let woken = waiting.await.unwrap();
    let told = &woken["rooms"][&room];
    assert_eq!((told["timeline"].as_array().unwrap().len(), &told["num_live"]), (1, &json!(1)));
    assert_eq!(told["timeline"][0]["content"]["body"], "after");
}

#[tokio::test]
async fn a_connection_survives_a_restart_of_the_server() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let start = ask(&bob, "timeout=0", &all_rooms()).await.ok();
    let server = server.restart().await;
    let (alice, bob) = (alice.on(&server), bob.on(&server));
    alice.say(&room, "after").await;
    let pos = start["pos"].as_str().unwrap();
    let after = ask(&bob, &format!("pos={pos}"), &all_rooms()).await.ok();
    assert_eq!(after["rooms"][&room]["timeline"][0]["content"]["body"], "after");
    assert!(after["rooms"][&room]["initial"].is_null());
}

/// What the process of a phone asks for that deals with encryption.
fn encryption(since: Option<&Value>) -> Value {
    json!({
        "conn_id": "encryption",
        "extensions": {"to_device": {"enabled": true, "since": since}, "e2ee": {"enabled": true}},
    })
}

fn numbers(answer: &Value) -> Vec<u64> {
    let events = answer["extensions"]["to_device"]["events"].as_array();
    events.into_iter().flatten().map(|event| event["content"]["number"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn messages_to_the_device_wake_and_stay_until_they_are_acknowledged() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let send = async |number: u64| {
        let body = json!({"messages": {&bob.id: {"*": {"number": number}}}});
        alice.put(&format!("/sendToDevice/m.test/t{number}"), body).await.ok();
    };
    let start = ask(&bob, "timeout=0", &encryption(None)).await.ok();
    let since = &start["extensions"]["to_device"]["next_batch"];
    let query = format!("pos={}&timeout=30000", start["pos"].as_str().unwrap());
    let body = encryption(Some(since));
    let (woken, ()) = tokio::join!(ask(&bob, &query, &body), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        send(1).await;
    });
    let woken = woken.ok();
    let event = json!({"sender": alice.id, "type": "m.test", "content": {"number": 1}});
    assert_eq!(woken["extensions"]["to_device"]["events"], json!([event]));
    // An answer that was lost is given again, with what came meanwhile.
    send(2).await;
    let again = ask(&bob, &query, &body).await.ok();
    assert_eq!(numbers(&again), [1, 2]);
    let reached = &woken["extensions"]["to_device"]["next_batch"];
    assert_eq!(numbers(&ask(&bob, "", &encryption(Some(reached))).await.ok()), [2]);
    // What was acknowledged is gone, whatever is said later and to whichever kind of sync.
    assert_eq!(numbers(&ask(&bob, "", &encryption(Some(since))).await.ok()), [2]);
    assert_eq!(bob.sync(None).await["to_device"]["events"][0]["content"]["number"], 2);
    let reached = &again["extensions"]["to_device"]["next_batch"];
    assert_eq!(numbers(&ask(&bob, "", &encryption(Some(reached))).await.ok()), [0_u64; 0]);
    assert!(bob.sync(None).await.get("to_device").is_none());
    ask(&bob, "", &encryption(Some(&json!("x")))).await.refused(400, "M_INVALID_PARAM");
}

#[tokio::test]
async fn how_many_keys_are_left_is_told() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let key: Key = bob.publish_device(1).await;
    let body = json!({
        "one_time_keys": {"signed_curve25519:AAAA": key.session_key("one")},
        "fallback_keys": {"signed_curve25519:F": key.session_key("last")},
    });
    bob.post("/keys/upload", body).await.ok();
    let claim = json!({"one_time_keys": {&bob.id: {&bob.device: "signed_curve25519"}}});
    for (left, unused) in
        [(1, json!(["signed_curve25519"])), (0, json!(["signed_curve25519"])), (0, json!([]))]
    {
        let told = ask(&bob, "", &encryption(None)).await.ok();
        let told = &told["extensions"]["e2ee"];
        assert_eq!(told["device_one_time_keys_count"], json!({"signed_curve25519": left}));
        assert_eq!(told["device_unused_fallback_key_types"], unused);
        alice.post("/keys/claim", claim.clone()).await.ok();
    }
}

#[tokio::test]
async fn strangers_and_nonsense_are_refused() {
    let server = Server::start().await;
    server.anonymous("POST", PATH, Some(all_rooms())).await.refused(401, "M_MISSING_TOKEN");
    let alice = server.register("alice").await;
    ask(&alice, "pos=l1_0_1", &all_rooms()).await.refused(400, "M_UNKNOWN_POS");
    ask(&alice, "pos=nonsense", &all_rooms()).await.refused(400, "M_UNKNOWN_POS");
    ask(&alice, "timeout=soon", &all_rooms()).await.refused(400, "M_INVALID_PARAM");
    ask(&alice, "set_presence=asleep", &all_rooms()).await.refused(400, "M_INVALID_PARAM");
    ask(&alice, "", &json!({"lists": 7})).await.refused(400, "M_BAD_JSON");
    let backwards = json!({"lists": {"a": {"ranges": [[9, 3]]}}});
    ask(&alice, "", &backwards).await.refused(400, "M_INVALID_PARAM");
    // A room that is none of one's business is as if it did not exist.
    let bob = server.register("bob").await;
    let secret = bob.create_room(json!({"preset": "private_chat"})).await;
    let peeking = json!({"room_subscriptions": {secret.as_str(): {"timeline_limit": 5}}});
    assert_eq!(ask(&alice, "", &peeking).await.ok()["rooms"], json!({}));
}
