//! `PUT /_matrix/federation/v1/send_knock/{roomId}/{eventId}`

use serde_json::json;

use super::{drafted, hand_in, refuses_damage};
use crate::harness::{Peer, encode, start_federating};

async fn knocking_room(alice: &crate::harness::User) -> String {
    let room = alice.create_room(json!({"preset": "private_chat", "name": "Den"})).await;
    alice.set_state(&room, "m.room.join_rules", "", json!({"join_rule": "knock"})).await.ok();
    room
}

#[tokio::test]
async fn whoever_knocks_is_heard_and_learns_what_the_room_looks_like() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let alice = server.register("alice").await;
    let room = knocking_room(&alice).await;
    let bob = peer.user("bob");
    let event = drafted(&peer, &server, "make_knock", &room, &bob).await;
    let answer = hand_in(&peer, &server, "v1/send_knock", &room, event).await.ok();
    let types: Vec<_> =
        answer["knock_room_state"].as_array().unwrap().iter().map(|event| &event["type"]).collect();
    assert!(types.contains(&&json!("m.room.create")) && types.contains(&&json!("m.room.name")), "{answer}");
    let path = format!("/rooms/{}/state/m.room.member/{}", encode(&room), encode(&bob));
    assert_eq!(alice.get(&path).await.ok()["membership"], "knock");
}

#[tokio::test]
async fn what_is_not_a_good_knock_is_refused() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let alice = server.register("alice").await;
    let room = knocking_room(&alice).await;
    let event = drafted(&peer, &server, "make_knock", &room, &peer.user("bob")).await;
    refuses_damage(&peer, &server, "v1/send_knock", &room, &event).await;
    alice.set_state(&room, "m.room.join_rules", "", json!({"join_rule": "invite"})).await.ok();
    hand_in(&peer, &server, "v1/send_knock", &room, event).await.refused(403, "M_FORBIDDEN");
}
