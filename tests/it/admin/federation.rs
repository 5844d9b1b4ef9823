//! Other servers, as administrators see them.

mod get_destination;
mod list_destination_rooms;
mod list_destinations;
mod reset_connection;

use serde_json::{Value, json};

use crate::harness::{Server, User, encode, eventually, network};

const PATH: &str = "/_synapse/admin/v1/federation/destinations";

fn path(name: &str, below: &str) -> String {
    format!("{PATH}/{}{below}", encode(name))
}

/// Two servers with a room in common, the administrator of one of them, and a user there.
struct Two {
    here: Server,
    there: Server,
    admin: User,
    alice: User,
    room: String,
}

impl Two {
    async fn start() -> Self {
        let [here, there] = network().await;
        let (admin, alice) = (here.register_admin("admin").await, here.register("alice").await);
        let bob = there.register("bob").await;
        let room = alice.create_room(json!({"preset": "public_chat"})).await;
        bob.join_via(&room, &here.name).await.ok();
        Self { here, there, admin, alice, room }
    }

    /// Ends the other server and waits until this one has noticed.
    async fn lose(&mut self) -> Value {
        self.there.crash();
        self.alice.say(&self.room, "anybody there?").await;
        let of_there = path(&self.there.name, "");
        eventually("the failure", async || {
            let told = self.admin.get(&of_there).await.ok();
            if told["failure_ts"].is_u64() { Ok(told) } else { Err(told.to_string()) }
        })
        .await
    }

    /// Checks who is refused.
    async fn only_administrators(&self, method: &str, path: &str) {
        self.alice.call(method, path, None).await.refused(403, "M_FORBIDDEN");
        self.here.anonymous(method, path, None).await.refused(401, "M_MISSING_TOKEN");
    }
}
