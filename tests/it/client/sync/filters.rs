//! Filters: what the client wants to hear of.
//! <https://spec.matrix.org/v1.19/client-server-api/#filtering>

use serde_json::{Value, json};

use super::{filtered, is_quiet, joined, timeline};
use crate::harness::{Server, User, account_data, bodies, list, two_in_a_room, types};

fn of_timeline(filter: Value) -> Value {
    json!({"room": {"timeline": filter}})
}

/// A room with messages of two people and a picture.
async fn talk(alice: &User, bob: &User, room: &str) {
    alice.say(room, "hers").await;
    bob.say(room, "his").await;
    let picture = json!({"msgtype": "m.image", "body": "picture", "url": "mxc://localhost/pot"});
    alice.send_event(room, "m.room.message", picture).await.ok();
    bob.send_event(room, "org.example.note", json!({"body": "note", "url": 5})).await.ok();
}

#[tokio::test]
async fn timelines_are_filtered_by_what_events_are() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let since = alice.now().await;
    talk(&alice, &bob, &room).await;
    let cases = [
        (json!({"types": ["m.room.message"]}), vec!["hers", "his", "picture"]),
        (json!({"types": ["org.*"]}), vec!["note"]),
        (json!({"types": ["*"], "not_types": ["m.*"]}), vec!["note"]),
        (json!({"senders": [bob.id]}), vec!["his", "note"]),
        (json!({"not_senders": [bob.id]}), vec!["hers", "picture"]),
        (json!({"senders": [bob.id], "not_senders": [bob.id]}), vec![]),
        (json!({"contains_url": true}), vec!["picture"]),
        (json!({"contains_url": false}), vec!["hers", "his", "note"]),
        (json!({"limit": 2}), vec!["picture", "note"]),
        (json!({"limit": 1, "types": ["m.room.message"], "contains_url": false}), vec!["his"]),
        (json!({"rooms": [room]}), vec!["hers", "his", "picture", "note"]),
        (json!({"not_rooms": [room]}), vec![]),
        (json!({"rooms": []}), vec![]),
        (json!({"types": []}), vec![]),
        (json!({"limit": 0}), vec![]),
        (json!({"unknown": 1}), vec!["hers", "his", "picture", "note"]),
    ];
    for (filter, expected) in cases {
        let answer = filtered(&alice, &of_timeline(filter.clone()), Some(&since)).await;
        let told = &answer["rooms"]["join"][&room]["timeline"]["events"];
        let told = if told.is_null() { vec![] } else { bodies(told) };
        assert_eq!(told, expected, "{filter}");
    }
    // A filter that lets little through tells the truth about what it left out.
    let answer = filtered(&alice, &of_timeline(json!({"types": ["org.*"]})), Some(&since)).await;
    assert_eq!(joined(&answer, &room)["timeline"]["limited"], false);
}

#[tokio::test]
async fn rooms_are_filtered_as_a_whole() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let (one, two) = (alice.create_room(json!({})).await, alice.create_room(json!({})).await);
    let rooms = |answer: &Value| -> Vec<String> {
        answer["rooms"]["join"].as_object().map(|rooms| rooms.keys().cloned().collect()).unwrap_or_default()
    };
    let ask = async |room: Value| rooms(&filtered(&alice, &json!({"room": room}), None).await);
    assert_eq!(ask(json!({"rooms": [one]})).await, std::slice::from_ref(&one));
    assert_eq!(ask(json!({"not_rooms": [one]})).await, std::slice::from_ref(&two));
    assert_eq!(ask(json!({"rooms": [one], "not_rooms": [one]})).await, [""; 0]);
    assert_eq!(ask(json!({"rooms": []})).await, [""; 0]);
    assert_eq!(ask(json!({})).await.len(), 2);
}

#[tokio::test]
async fn state_and_account_data_are_filtered_too() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    for number in 0..11 {
        alice.say(&room, &format!("{number}")).await;
    }
    let state = async |filter: Value| -> Vec<String> {
        let answer = filtered(&bob, &json!({"room": {"state": filter}}), None).await;
        types(&joined(&answer, &room)["state"]["events"]).into_iter().map(str::to_owned).collect()
    };
    assert_eq!(state(json!({"types": ["m.room.create"]})).await, ["m.room.create"]);
    assert_eq!(state(json!({"types": []})).await, [""; 0]);
    assert_eq!(state(json!({"senders": [bob.id]})).await, ["m.room.member"]);
    assert!(!state(json!({"not_types": ["m.room.member"]})).await.contains(&"m.room.member".to_owned()));
    let put = async |path: &str| bob.put(path, json!({"n": 1})).await.ok();
    put(&format!("/user/{}/account_data/org.example.a", bob.id)).await;
    put(&format!("/user/{}/account_data/org.example.b", bob.id)).await;
    put(&format!("/user/{}/rooms/{room}/account_data/org.example.a", bob.id)).await;
    put(&format!("/user/{}/rooms/{room}/account_data/org.example.b", bob.id)).await;
    let only = json!({"types": ["org.example.a"]});
    let answer = filtered(&bob, &json!({"account_data": only, "room": {"account_data": only}}), None).await;
    for of in [None, Some(room.as_str())] {
        assert!(account_data(&answer, of, "org.example.a").is_some(), "{answer}");
        assert!(account_data(&answer, of, "org.example.b").is_none(), "{answer}");
    }
    assert!(account_data(&answer, None, "m.push_rules").is_none());
}

#[tokio::test]
async fn filters_can_be_kept_on_the_server() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let kept = of_timeline(json!({"types": ["org.example.note"]}));
    let answer = alice.post(&format!("/user/{}/filter", alice.id), kept).await.ok();
    let id = answer["filter_id"].as_str().unwrap();
    let since = alice.now().await;
    bob.say(&room, "no note").await;
    let quiet = alice.sync_with(&format!("filter={id}&since={since}")).await;
    assert!(is_quiet(&quiet) || bodies(timeline(&quiet, &room)).is_empty(), "{quiet}");
    talk(&alice, &bob, &room).await;
    let answer = alice.sync_with(&format!("filter={id}&since={since}")).await;
    assert_eq!(bodies(timeline(&answer, &room)), ["note"]);
}

#[tokio::test]
async fn events_come_in_the_form_that_was_asked_for() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let since = bob.now().await;
    alice.say(&room, "form").await;
    let fields = json!({"event_fields": ["type", "content.body"]});
    let answer = filtered(&bob, &fields, Some(&since)).await;
    assert_eq!(*timeline(&answer, &room), json!([{"type": "m.room.message", "content": {"body": "form"}}]));
    let answer = filtered(&bob, &json!({"event_format": "federation"}), Some(&since)).await;
    let event = &list(timeline(&answer, &room))[0];
    for key in ["auth_events", "prev_events", "depth", "hashes", "signatures", "room_id"] {
        assert!(!event[key].is_null(), "no {key} in {event}");
    }
}
