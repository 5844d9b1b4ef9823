//! `PUT /_matrix/federation/v2/send_leave/{roomId}/{eventId}`

use serde_json::json;

use super::{drafted, hand_in, refuses_damage};
use crate::harness::{Peer, encode, start_federating};

#[tokio::test]
async fn whoever_leaves_is_gone() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    let bob = peer.user("bob");
    peer.join(&server, &room, &bob).await;
    let event = drafted(&peer, &server, "make_leave", &room, &bob).await;
    hand_in(&peer, &server, "v2/send_leave", &room, event).await.ok();
    let path = format!("/rooms/{}/state/m.room.member/{}", encode(&room), encode(&bob));
    assert_eq!(alice.get(&path).await.ok()["membership"], "leave");
}

#[tokio::test]
async fn what_is_not_a_good_leave_is_refused() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    let bob = peer.user("bob");
    peer.join(&server, &room, &bob).await;
    let event = drafted(&peer, &server, "make_leave", &room, &bob).await;
    refuses_damage(&peer, &server, "v2/send_leave", &room, &event).await;
    let members = alice.get(&format!("/rooms/{}/joined_members", encode(&room))).await.ok();
    assert!(members["joined"][&bob].is_object(), "{members}");
}
