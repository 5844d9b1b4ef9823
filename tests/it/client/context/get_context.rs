//! `GET /_matrix/client/v3/rooms/{roomId}/context/{eventId}`

use serde_json::{Value, json};

use crate::harness::{Answer, User, bodies, encode, find_state, list, members, two_in_a_room};

async fn ask(user: &User, room: &str, event: &str, query: &str) -> Answer {
    user.get(&format!("/rooms/{}/context/{}?{query}", encode(room), encode(event))).await
}

#[tokio::test]
async fn events_come_from_both_sides() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let mut said = Vec::new();
    for number in 0..20 {
        said.push(alice.say(&room, &format!("{number}")).await);
    }
    let context = ask(&bob, &room, &said[10], "limit=6").await.ok();
    assert_eq!(context["event"]["event_id"], *said[10]);
    assert_eq!(bodies(&context["events_before"]), ["9", "8", "7"]);
    assert_eq!(bodies(&context["events_after"]), ["11", "12", "13"]);
    assert!(list(&context["events_before"]).iter().all(|event| event["room_id"] == *room));
    // The pages go on where the context ends.
    let (start, end) = (context["start"].as_str().unwrap(), context["end"].as_str().unwrap());
    let page = bob.messages(&room, &format!("dir=b&limit=3&from={start}")).await;
    assert_eq!(bodies(&page["chunk"]), ["6", "5", "4"]);
    let page = bob.messages(&room, &format!("dir=f&limit=3&from={end}")).await;
    assert_eq!(bodies(&page["chunk"]), ["14", "15", "16"]);

    let alone = ask(&bob, &room, &said[10], "limit=0").await.ok();
    assert_eq!((&alone["events_before"], &alone["events_after"]), (&json!([]), &json!([])));
    let page = bob.messages(&room, &format!("dir=f&limit=1&from={}", alone["end"].as_str().unwrap())).await;
    assert_eq!(bodies(&page["chunk"]), ["11"]);
    // Nearer the end there is less after it.
    let last = ask(&bob, &room, &said[19], "limit=4").await.ok();
    assert_eq!(last["events_after"], json!([]));
    assert!(bodies(&last["events_before"]).starts_with(&["18", "17"]));
    // Without a limit there are ten, the event itself aside.
    let usual = ask(&bob, &room, &said[10], "").await.ok();
    let around = list(&usual["events_before"]).len() + list(&usual["events_after"]).len();
    assert!((9..=10).contains(&around), "{around}");
}

#[tokio::test]
async fn the_state_is_that_of_the_last_event() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    alice.set_state(&room, "m.room.topic", "", json!({"topic": "one"})).await.ok();
    let event = alice.say(&room, "now").await;
    alice.set_state(&room, "m.room.topic", "", json!({"topic": "two"})).await.ok();
    alice.set_state(&room, "m.room.topic", "", json!({"topic": "three"})).await.ok();
    let topic = |context: &Value| {
        find_state(&context["state"], "m.room.topic", "").unwrap()["content"]["topic"].clone()
    };
    assert_eq!(topic(&ask(&bob, &room, &event, "limit=0").await.ok()), "one");
    assert_eq!(topic(&ask(&bob, &room, &event, "limit=2").await.ok()), "two");
}

#[tokio::test]
async fn filters_choose_the_surroundings() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    bob.say(&room, "before").await;
    alice.send_event(&room, "org.example.noise", json!({})).await.ok();
    let event = alice.send_event(&room, "org.example.noise", json!({})).await.event_id();
    alice.send_event(&room, "org.example.noise", json!({})).await.ok();
    alice.say(&room, "after").await;
    let filter = encode(r#"{"types":["m.room.message"]}"#);
    let context = ask(&bob, &room, &event, &format!("limit=10&filter={filter}")).await.ok();
    assert_eq!(context["event"]["event_id"], *event, "the event itself is not filtered");
    assert_eq!(
        (bodies(&context["events_before"]), bodies(&context["events_after"])),
        (vec!["before"], vec!["after"])
    );
    let lazy = encode(r#"{"lazy_load_members":true,"senders":["@alice:localhost"]}"#);
    let context = ask(&bob, &room, &event, &format!("limit=2&filter={lazy}")).await.ok();
    assert_eq!(members(&context["state"]), [&alice.id]);
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let carol = server.register("carol").await;
    let event = alice.say(&room, "between us").await;
    let answer = ask(&carol, &room, &event, "").await;
    answer.is_sound();
    assert!(answer.status == 403 || answer.status == 404, "{answer:?}");
    ask(&bob, &room, "$nothing", "").await.refused(404, "M_NOT_FOUND");
    let elsewhere = bob.create_room(json!({})).await;
    ask(&bob, &elsewhere, &event, "").await.refused(404, "M_NOT_FOUND");
    ask(&bob, &room, "nonsense", "").await.refused(400, "M_INVALID_PARAM");
    ask(&bob, &room, &event, "limit=many").await.refused(400, "M_INVALID_PARAM");
    ask(&bob, &room, &event, "limit=100000").await.ok();
    let path = format!("/_matrix/client/v3/rooms/{}/context/{}", encode(&room), encode(&event));
    server.anonymous("GET", &path, None).await.refused(401, "M_MISSING_TOKEN");
}
