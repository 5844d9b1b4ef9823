//! `m.room.power_levels`: what members may do to their own power and that of others.

use serde_json::json;

use crate::harness::{Server, User};

/// A room of a version with Alice at 100, Bob and Carol at 50.
async fn scene(version: &str) -> (Server, [User; 3], String) {
    let server = Server::start().await;
    let users =
        [server.register("alice").await, server.register("bob").await, server.register("carol").await];
    let [alice, bob, carol] = &users;
    let room = alice.create_room(json!({"preset": "public_chat", "room_version": version})).await;
    bob.join(&room).await.ok();
    carol.join(&room).await.ok();
    let levels =
        json!({"users": {bob.id.clone(): 50, carol.id.clone(): 50}, "events": {"m.room.power_levels": 50}});
    alice.set_levels(&room, levels).await.ok();
    (server, users, room)
}

#[tokio::test]
async fn nobody_gives_what_they_do_not_have() {
    let (_server, [alice, bob, carol], room) = scene("11").await;
    let set = async |user: &User, changes: serde_json::Value| user.set_levels(&room, changes).await;
    for changes in [
        json!({"users": {bob.id.clone(): 51}}),
        json!({"users": {"@new:localhost": 51}}),
        json!({"users": {carol.id.clone(): 49}}),
        json!({"users": {alice.id.clone(): 0}}),
        json!({"events": {"m.room.tombstone": 0}}),
        json!({"events": {"org.example.new": 51}}),
        json!({"ban": 51}),
        json!({"notifications": {"room": 51}}),
    ] {
        set(&bob, changes).await.refused(403, "M_FORBIDDEN");
    }
    for changes in [
        json!({"users": {"@new:localhost": 50}}),
        json!({"events": {"org.example.new": 50}}),
        json!({"ban": 10, "kick": 50, "notifications": {"room": 20}}),
        json!({"users": {bob.id.clone(): 10}, "events": {"m.room.power_levels": 10}}),
    ] {
        set(&bob, changes).await.ok();
    }
    // What was given away is gone.
    set(&bob, json!({"users": {bob.id.clone(): 50}})).await.refused(403, "M_FORBIDDEN");
    set(&alice, json!({"users": {bob.id.clone(): 100}})).await.ok();
    set(&alice, json!({"users": {bob.id.clone(): 50}})).await.refused(403, "M_FORBIDDEN");
    set(&alice, json!({"users": {alice.id.clone(): 0}})).await.ok();
    set(&alice, json!({"ban": 0})).await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn levels_are_whole_numbers() {
    for version in ["9", "11"] {
        let (_server, [alice, bob, _], room) = scene(version).await;
        for changes in
            [json!({"ban": "fifty"}), json!({"users": {bob.id.clone(): []}}), json!({"users": {"bob": 1}})]
        {
            alice.set_levels(&room, changes).await.refused(400, "M_BAD_JSON");
        }
        // Up to version 9 a number may be written as a text.
        let text = alice.set_levels(&room, json!({"kick": "50"})).await;
        assert_eq!(text.status == 200, version == "9", "{version}: {text:?}");
    }
}
