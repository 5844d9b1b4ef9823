//! `GET /_matrix/client/v3/joined_rooms`

use serde_json::{Value, json};

use crate::harness::{Server, User};

async fn joined(user: &User) -> Vec<String> {
    let answer = user.get("/joined_rooms").await.ok();
    let rooms: Vec<Value> = answer["joined_rooms"].as_array().unwrap().clone();
    let mut rooms: Vec<String> = rooms.iter().map(|room| room.as_str().unwrap().to_owned()).collect();
    rooms.sort();
    rooms
}

#[tokio::test]
async fn the_rooms_one_is_in_are_listed() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    assert_eq!(joined(&bob).await, [""; 0]);
    let mut rooms = Vec::new();
    for version in ["1", "11", "12"] {
        let options = json!({"preset": "public_chat", "room_version": version});
        rooms.push(alice.create_room(options).await);
    }
    rooms.sort();
    assert_eq!(joined(&alice).await, rooms);
    for room in &rooms {
        bob.join(room).await.ok();
    }
    bob.leave(&rooms[0]).await.ok();
    alice.ban(&rooms[1], &bob).await.ok();
    alice.create_room(json!({"invite": [bob.id]})).await;
    assert_eq!(joined(&bob).await, rooms[2..]);
    let server = server.restart().await;
    assert_eq!(joined(&bob.on(&server)).await, rooms[2..]);
    server.anonymous("GET", "/_matrix/client/v3/joined_rooms", None).await.refused(401, "M_MISSING_TOKEN");
}
