//! `GET /_matrix/client/v1/mutual_rooms`

use serde_json::{Value, json};

use crate::harness::{Answer, Server, User, encode};

async fn ask(user: &User, query: &str) -> Answer {
    user.get(&format!("/_matrix/client/v1/mutual_rooms?{query}")).await
}

fn sorted(rooms: &Value) -> Vec<&str> {
    let mut rooms: Vec<&str> = rooms.as_array().unwrap().iter().map(|room| room.as_str().unwrap()).collect();
    rooms.sort_unstable();
    rooms
}

#[tokio::test]
async fn shared_rooms_are_listed() {
    let server = Server::start().await;
    let [alice, bob, carol] =
        [server.register("alice").await, server.register("bob").await, server.register("carol").await];
    let mut rooms = Vec::new();
    for _ in 0..3 {
        rooms.push(alice.create_room(json!({"preset": "public_chat"})).await);
    }
    for room in &rooms {
        bob.join(room).await.ok();
    }
    carol.join(&rooms[0]).await.ok();
    bob.leave(&rooms[2]).await.ok();
    let query = format!("user_id={}", encode(&alice.id));
    let found = ask(&bob, &query).await.ok();
    let mut expected: Vec<&str> = rooms[..2].iter().map(String::as_str).collect();
    expected.sort_unstable();
    assert_eq!((sorted(&found["joined"]), &found["count"]), (expected.clone(), &json!(2)));
    assert!(found["next_batch"].is_null(), "{found}");
    assert_eq!(sorted(&ask(&carol, &query).await.ok()["joined"]), [&rooms[0]]);
    let unstable = "/_matrix/client/unstable/uk.half-shot.msc2666/user/mutual_rooms";
    let found = bob.get(&format!("{unstable}?{query}")).await.ok();
    assert_eq!(sorted(&found["joined"]), expected);
    assert_eq!(ask(&carol, "user_id=%40nobody%3Alocalhost").await.ok()["joined"], json!([]));
    ask(&bob, "").await.refused(400, "M_MISSING_PARAM");
    ask(&bob, "user_id=bob").await.refused(400, "M_INVALID_PARAM");
    ask(&bob, &format!("{query}&from=nonsense")).await.refused(400, "M_INVALID_PARAM");
    let path = format!("/_matrix/client/v1/mutual_rooms?{query}");
    server.anonymous("GET", &path, None).await.refused(401, "M_MISSING_TOKEN");
}
