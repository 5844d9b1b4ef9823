//! Many who do something to one room at once.

use serde_json::json;
use tokio::task::JoinSet;

use crate::harness::{Server, bodies, encode, event_ids};

/// How many people come.
const GUESTS: usize = 12;

#[tokio::test]
async fn everybody_gets_in_and_out() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    let mut guests = Vec::new();
    for number in 0..GUESTS {
        guests.push(server.register(&format!("guest{number}")).await);
    }
    let mut tasks = JoinSet::new();
    for guest in guests.clone() {
        let room = room.clone();
        tasks.spawn(async move {
            guest.join(&room).await.ok();
            guest.say(&room, &guest.id).await;
        });
    }
    tasks.join_all().await;
    let path = format!("/rooms/{}/joined_members", encode(&room));
    assert_eq!(alice.get(&path).await.ok()["joined"].as_object().unwrap().len(), GUESTS + 1);
    let page = alice.messages(&room, "dir=f&limit=200").await;
    let mut said = bodies(&page["chunk"]);
    said.sort_unstable();
    let mut expected: Vec<&str> = guests.iter().map(|guest| guest.id.as_str()).collect();
    expected.sort_unstable();
    assert_eq!(said, expected);
    // However they raced, the room is one line of events in every direction.
    let back = alice.messages(&room, "dir=b&limit=200").await;
    let mut back = event_ids(&back["chunk"]);
    back.reverse();
    assert_eq!(back, event_ids(&page["chunk"]));
    let mut tasks = JoinSet::new();
    for guest in guests {
        let (alice, room) = (alice.clone(), room.clone());
        tasks.spawn(async move {
            // One of the two comes first, and the other finds nobody to send away or nothing to leave.
            let (left, kicked) = tokio::join!(guest.leave(&room), alice.kick(&room, &guest));
            assert!([left.status, kicked.status].contains(&200), "{left:?} {kicked:?}");
            left.is_sound();
            kicked.is_sound();
        });
    }
    tasks.join_all().await;
    assert_eq!(alice.get(&path).await.ok()["joined"].as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn a_name_goes_to_one_of_many() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let alice = alice.clone();
        tasks.spawn(async move { alice.post("/createRoom", json!({"room_alias_name": "tea"})).await });
    }
    let answers = tasks.join_all().await;
    let made: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(made.len(), 1, "{answers:?}");
    assert!(answers.iter().all(|answer| answer.status == 200 || answer.body["errcode"] == "M_ROOM_IN_USE"));
    let found = alice.get("/directory/room/%23tea%3Alocalhost").await.ok();
    assert_eq!(found["room_id"], made[0].body["room_id"]);
    assert_eq!(alice.get("/joined_rooms").await.ok()["joined_rooms"], json!([found["room_id"]]));
}

#[tokio::test]
async fn state_that_many_set_ends_as_one_of_them() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({})).await;
    let mut tasks = JoinSet::new();
    for number in 0..10 {
        let (alice, room) = (alice.clone(), room.clone());
        tasks.spawn(async move {
            alice.set_state(&room, "m.room.topic", "", json!({"topic": format!("{number}")})).await.event_id()
        });
    }
    let sent = tasks.join_all().await;
    let current = alice.get(&format!("/rooms/{}/state/m.room.topic/?format=event", encode(&room))).await.ok();
    assert!(sent.iter().any(|event| current["event_id"] == **event), "{current}");
    let page = alice.messages(&room, "dir=b&limit=1").await;
    assert_eq!(page["chunk"][0]["event_id"], current["event_id"], "the last one counts");
}
