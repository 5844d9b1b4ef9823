//! Guests: people without an account, in rooms that let them in.
//! <https://spec.matrix.org/v1.19/client-server-api/#guest-access>

use serde_json::json;

use crate::harness::{Server, bodies, encode, find_state};

#[tokio::test]
async fn guests_come_where_they_are_welcome() {
    let server = Server::start_with("[registration]\nmode = \"open\"\nguests = true\n").await;
    let (alice, guest) = (server.register("alice").await, server.register_guest().await);
    let closed = alice.create_room(json!({"preset": "public_chat"})).await;
    guest.join(&closed).await.refused(403, "M_GUEST_ACCESS_FORBIDDEN");
    guest.post("/createRoom", json!({})).await.refused(403, "M_GUEST_ACCESS_FORBIDDEN");
    let state = json!([{"type": "m.room.guest_access", "content": {"guest_access": "can_join"}}]);
    let open = alice.create_room(json!({"preset": "public_chat", "initial_state": state})).await;
    guest.join(&open).await.ok();
    guest.say(&open, "just looking").await;
    assert_eq!(bodies(&alice.messages(&open, "dir=b&limit=1").await["chunk"]), ["just looking"]);
    // A welcome opens no door that is shut to everybody.
    let private = alice.create_room(json!({"preset": "private_chat"})).await;
    guest.join(&private).await.refused(403, "M_FORBIDDEN");
    alice.invite(&private, &guest).await.ok();
    guest.join(&private).await.ok();

    let since = guest.now().await;
    let content = json!({"guest_access": "forbidden"});
    alice.set_state(&open, "m.room.guest_access", "", content).await.ok();
    assert_eq!(alice.membership_of(&open, &guest).await, "leave");
    let answer = guest.sync(Some(&since)).await;
    let left = &answer["rooms"]["leave"][&open];
    assert!(find_state(&left["timeline"]["events"], "m.room.member", &guest.id).is_some(), "{answer}");
    guest.join(&open).await.refused(403, "M_GUEST_ACCESS_FORBIDDEN");
    assert_eq!(alice.membership_of(&private, &guest).await, "join");
    assert_eq!(alice.membership_of(&open, &alice).await, "join");
}

#[tokio::test]
async fn guests_read_what_the_world_may_read() {
    let server = Server::start_with("[registration]\nmode = \"open\"\nguests = true\n").await;
    let (alice, guest) = (server.register("alice").await, server.register_guest().await);
    let state =
        json!([{"type": "m.room.history_visibility", "content": {"history_visibility": "world_readable"}}]);
    let room = alice.create_room(json!({"preset": "public_chat", "initial_state": state})).await;
    let event = alice.say(&room, "hear, hear").await;
    assert_eq!(guest.event(&room, &event).await.ok()["content"]["body"], "hear, hear");
    assert_eq!(bodies(&guest.messages(&room, "dir=b").await["chunk"]), ["hear, hear"]);
    guest.get(&format!("/rooms/{}/state", encode(&room))).await.ok();
    guest.get(&format!("/rooms/{}/context/{}", encode(&room), encode(&event))).await.ok();
}
