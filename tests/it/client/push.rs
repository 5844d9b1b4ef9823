//! Push rules, the counts that follow from them, the list of notifications, and pushers.

mod delete_pushrule;
mod delivery;
mod get_notifications;
mod get_pushers;
mod get_pushrule;
mod get_pushrule_actions;
mod get_pushrule_enabled;
mod get_pushrules_all;
mod get_pushrules_global_scope;
mod mailing;
mod mentions;
mod mutes;
mod set_pusher;
mod set_pushrule;
mod set_pushrule_actions;
mod set_pushrule_enabled;
mod show_unsubscribe;
mod thread_counts;
mod unread_counts;
mod unsubscribe;

use serde_json::{Value, json};

use crate::harness::{Server, User, encode, two_in_a_room};

/// Two people in one room.
struct Pair {
    server: Server,
    writer: User,
    reader: User,
    room: String,
}

impl Pair {
    async fn start() -> Self {
        let (server, writer, reader, room) = two_in_a_room().await;
        Self { server, writer, reader, room }
    }

    /// The room as the reader's first sync shows it, by a filter if there is one.
    async fn room_with(&self, filter: Option<Value>) -> Value {
        let filter =
            filter.map(|filter| format!("&filter={}", encode(&filter.to_string()))).unwrap_or_default();
        let answer = self.reader.get(&format!("/sync?timeout=0{filter}")).await.ok();
        answer["rooms"]["join"][&self.room].clone()
    }

    /// How many events notify the reader, and how many of them highlight.
    async fn counts(&self) -> (u64, u64) {
        counts(&self.room_with(None).await["unread_notifications"])
    }

    async fn read_up_to(&self, event: &str) {
        let path = format!("/rooms/{}/receipt/m.read/{}", encode(&self.room), encode(event));
        self.reader.post(&path, json!({})).await.ok();
    }
}

fn counts(unread: &Value) -> (u64, u64) {
    let count = |key: &str| unread[key].as_u64().unwrap_or_else(|| panic!("no {key} in {unread}"));
    (count("notification_count"), count("highlight_count"))
}

/// The path of a push rule below `/_matrix/client/v3`.
fn rule_path(kind: &str, id: &str) -> String {
    format!("/pushrules/global/{kind}/{}", encode(id))
}

/// The ids of the rules of a kind, the first to be asked first.
async fn rule_ids(user: &User, kind: &str) -> Vec<String> {
    let rules = user.get("/pushrules/").await.ok();
    let rules = rules["global"][kind].as_array().unwrap_or_else(|| panic!("no {kind} in {rules}"));
    rules.iter().map(|rule| rule["rule_id"].as_str().unwrap().to_owned()).collect()
}

/// The rules a user has made, without the defaults.
async fn own_rule_ids(user: &User, kind: &str) -> Vec<String> {
    rule_ids(user, kind).await.into_iter().filter(|id| !id.starts_with('.')).collect()
}

fn mention(user: &User) -> Value {
    json!({"msgtype": "m.text", "body": "you there?", "m.mentions": {"user_ids": [user.id]}})
}
