//! What users have reported.

mod delete_event_report;
mod delete_user_report;
mod get_event_report;
mod get_user_report;
mod list_event_reports;
mod list_user_reports;

use serde_json::{Value, json};

use crate::harness::{Server, User, encode};

const EVENTS: &str = "/_synapse/admin/v1/event_reports";
const USERS: &str = "/_synapse/admin/v1/user_reports";

/// A server on which things have been reported, and its administrator.
struct Reported {
    server: Server,
    admin: User,
    alice: User,
    bob: User,
    room: String,
    /// What Alice reported of what Bob wrote, and what Bob reported of what Alice wrote.
    events: [String; 2],
}

impl Reported {
    async fn start() -> Self {
        let server = Server::start().await;
        let (admin, alice, bob) = (
            server.register_admin("admin").await,
            server.register("alice").await,
            server.register("bob").await,
        );
        let room = alice.create_room(json!({"preset": "public_chat", "name": "Tea"})).await;
        bob.join(&room).await.ok();
        let events = [bob.say(&room, "coffee").await, alice.say(&room, "no").await];
        for (reporter, event, reason) in [(&alice, &events[0], "rude"), (&bob, &events[1], "cold")] {
            let path = format!("/rooms/{}/report/{}", encode(&room), encode(event));
            reporter.post(&path, json!({"reason": reason})).await.ok();
        }
        let of_bob = format!("/users/{}/report", encode(&bob.id));
        alice.post(&of_bob, json!({"reason": "always rude"})).await.ok();
        Self { server, admin, alice, bob, room, events }
    }

    async fn list(&self, path: &str) -> Value {
        self.admin.get(path).await.ok()
    }

    /// The number of the only report about a user, or of the newest about an event.
    async fn newest(&self, path: &str) -> u64 {
        let listed = self.list(path).await;
        let name = path.rsplit('/').next().unwrap();
        listed[name][0]["id"].as_u64().unwrap_or_else(|| panic!("no id in {listed}"))
    }

    /// Checks who is refused.
    async fn only_administrators(&self, method: &str, path: &str) {
        self.alice.call(method, path, None).await.refused(403, "M_FORBIDDEN");
        self.server.anonymous(method, path, None).await.refused(401, "M_MISSING_TOKEN");
    }
}
