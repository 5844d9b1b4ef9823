//! What is left of somebody who asked to be erased when they closed their account.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3accountdeactivate>

use serde_json::{Value, json};

use crate::harness::{Server, User, encode};

const SECRET: &str = "my secret";

/// Alice's words in bob's room, as the answer to bob and as the beginning of a thread, and alice gone.
struct Left {
    server: Server,
    bob: User,
    room: String,
    event: String,
    root: String,
    reply: String,
}

async fn leave(erase: bool) -> Left {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let room = bob.create_room(json!({"preset": "public_chat"})).await;
    alice.join(&room).await.ok();
    let event = alice.say(&room, SECRET).await;
    let root = bob.say(&room, "no secret").await;
    let content = json!({
        "msgtype": "m.text",
        "body": SECRET,
        "m.relates_to": {"rel_type": "m.thread", "event_id": root},
    });
    let reply = alice.send_event(&room, "m.room.message", content).await.event_id();
    alice.call_with_password("POST", "/account/deactivate", json!({"erase": erase})).await.ok();
    Left { server, bob, room, event, root, reply }
}

impl Left {
    async fn newcomer(&self, name: &str) -> User {
        let newcomer = self.server.register(name).await;
        newcomer.join(&self.room).await.ok();
        newcomer
    }

    /// Every way to read the room.
    fn roads(&self) -> Vec<String> {
        let (room, root) = (encode(&self.room), encode(&self.root));
        let mut roads: Vec<String> = [&self.event, &self.root, &self.reply]
            .into_iter()
            .flat_map(|event| {
                ["event", "context"].map(|word| format!("/rooms/{room}/{word}/{}", encode(event)))
            })
            .collect();
        roads.extend([
            format!("/rooms/{room}/messages?dir=b&limit=50"),
            format!("/rooms/{room}/messages?dir=f&limit=50"),
            format!("/_matrix/client/v1/rooms/{room}/relations/{root}"),
            format!("/_matrix/client/v1/rooms/{room}/relations/{root}/m.thread"),
            format!("/_matrix/client/v1/rooms/{room}/threads"),
            "/sync?timeout=0".to_owned(),
        ]);
        roads
    }
}

fn content<'a>(page: &'a Value, event: &str) -> &'a Value {
    let found = page["chunk"].as_array().unwrap().iter().find(|found| found["event_id"] == event);
    &found.unwrap_or_else(|| panic!("no {event} in {page}"))["content"]
}

#[tokio::test]
async fn the_erased_are_read_only_by_those_who_were_there() {
    let left = leave(true).await;
    let page = format!("/rooms/{}/messages?dir=b&limit=50", encode(&left.room));
    let seen = left.bob.get(&page).await.ok();
    assert_eq!(content(&seen, &left.event)["body"], SECRET);
    let carol = left.newcomer("carol").await;
    let seen = carol.get(&page).await.ok();
    assert_eq!(content(&seen, &left.event), &json!({}));
    assert_eq!(content(&seen, &left.root)["body"], "no secret");
    for road in left.roads() {
        let answer = carol.get(&road).await.ok();
        assert!(!answer.to_string().contains(SECRET), "{road}: {answer}");
        let answer = left.bob.get(&road).await.ok();
        assert!(answer.to_string().contains(SECRET), "{road}: {answer}");
    }
}

#[tokio::test]
async fn without_the_wish_everything_stays_readable() {
    let left = leave(false).await;
    let carol = left.newcomer("carol").await;
    for road in left.roads() {
        let answer = carol.get(&road).await.ok();
        assert!(answer.to_string().contains(SECRET), "{road}: {answer}");
    }
}

#[tokio::test]
async fn the_wish_survives_a_crash() {
    let mut left = leave(true).await;
    left.server = left.server.crash_and_restart().await;
    let carol = left.newcomer("carol").await;
    for road in left.roads() {
        let answer = carol.get(&road).await.ok();
        assert!(!answer.to_string().contains(SECRET), "{road}: {answer}");
    }
}
