//! Threads.

mod get_thread_subscription;
mod get_thread_subscriptions_changes;
mod get_threads;
mod subscribe_thread;
mod unsubscribe_thread;

use serde_json::json;

use crate::harness::{Server, User, encode};

/// Where the subscription to a thread is.
fn subscription(room: &str, root: &str) -> String {
    let (room, root) = (encode(room), encode(root));
    format!("/_matrix/client/unstable/io.element.msc4306/rooms/{room}/thread/{root}/subscription")
}

/// A room with two people in it, in which the first has begun a thread and the second has answered: the users, the room,
/// the root and the answer.
async fn thread(server: &Server) -> (User, User, String, String, String) {
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    bob.join(&room).await.ok();
    let root = alice.say(&room, "what do you think?").await;
    let answer = bob.relate(&room, "m.thread", &root, "not much").await;
    (alice, bob, room, root, answer)
}
