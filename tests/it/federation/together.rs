//! Kith servers among themselves: what people on two or three of them do together, and what is left of it.

mod directory;
mod encryption;
mod ephemeral;
mod fast_joins;
mod history;
mod media;
mod membership;
mod messages;
mod moderation;
mod outage;
mod partition;
mod sticky;

use serde_json::{Value, json};

use crate::harness::{Server, User, network};

/// A version of each sort that rooms come in.
const VERSIONS: [&str; 7] = ["1", "3", "6", "9", "10", "11", "12"];

/// Two servers with a person on each: Alice makes the rooms, Bob comes from the other one.
struct Pair {
    servers: [Server; 2],
    alice: User,
    bob: User,
}

impl Pair {
    async fn start() -> Self {
        let servers: [Server; 2] = network().await;
        let (alice, bob) = (servers[0].register("alice").await, servers[1].register("bob").await);
        Self { servers, alice, bob }
    }

    /// A public room of Alice's that Bob has joined.
    async fn room(&self, version: &str) -> String {
        self.room_with(version, json!({})).await
    }

    /// The same, with more options.
    async fn room_with(&self, version: &str, more: Value) -> String {
        let room = self.alice.create_room(public(version, more)).await;
        self.bob.join_via(&room, &self.servers[0].name).await.ok();
        self.alice.sees_membership(&room, &self.bob, "join").await;
        room
    }
}

/// What a public room of a version is made of.
fn public(version: &str, more: Value) -> Value {
    with(json!({"room_version": version, "preset": "public_chat"}), more)
}

/// One object with the members of another.
fn with(mut object: Value, more: Value) -> Value {
    if let Value::Object(more) = more {
        object.as_object_mut().unwrap().extend(more);
    }
    object
}
