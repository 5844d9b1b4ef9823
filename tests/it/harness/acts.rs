//! What users do in rooms.

use serde_json::{Value, json};

use super::{Answer, User, encode};

impl User {
    pub(crate) async fn leave(&self, room: &str) -> Answer {
        self.post(&format!("/rooms/{}/leave", encode(room)), json!({})).await
    }

    pub(crate) async fn forget(&self, room: &str) -> Answer {
        self.post(&format!("/rooms/{}/forget", encode(room)), json!({})).await
    }

    pub(crate) async fn knock(&self, room: &str) -> Answer {
        self.post(&format!("/knock/{}", encode(room)), json!({})).await
    }

    pub(crate) async fn kick(&self, room: &str, user: &Self) -> Answer {
        self.post(&format!("/rooms/{}/kick", encode(room)), json!({"user_id": user.id})).await
    }

    pub(crate) async fn ban(&self, room: &str, user: &Self) -> Answer {
        self.post(&format!("/rooms/{}/ban", encode(room)), json!({"user_id": user.id})).await
    }

    pub(crate) async fn unban(&self, room: &str, user: &Self) -> Answer {
        self.post(&format!("/rooms/{}/unban", encode(room)), json!({"user_id": user.id})).await
    }

    /// The content of a state event.
    pub(crate) async fn state(&self, room: &str, kind: &str, key: &str) -> Answer {
        self.get(&format!("/rooms/{}/state/{kind}/{}", encode(room), encode(key))).await
    }

    /// What a user is to a room, as the room's state says.
    pub(crate) async fn membership_of(&self, room: &str, user: &Self) -> String {
        let content = self.state(room, "m.room.member", &user.id).await.ok();
        content["membership"].as_str().unwrap_or_else(|| panic!("no membership in {content}")).to_owned()
    }

    pub(crate) async fn event(&self, room: &str, event: &str) -> Answer {
        self.get(&format!("/rooms/{}/event/{}", encode(room), encode(event))).await
    }

    /// A page of a room's history.
    pub(crate) async fn messages(&self, room: &str, query: &str) -> Value {
        self.get(&format!("/rooms/{}/messages?{query}", encode(room))).await.ok()
    }

    /// Takes an event away.
    pub(crate) async fn redact(&self, room: &str, event: &str, transaction: &str, content: Value) -> Answer {
        let path = format!("/rooms/{}/redact/{}/{}", encode(room), encode(event), encode(transaction));
        self.put(&path, content).await
    }

    /// Sends an event that relates to another one, and answers its id.
    /// Says something that everybody in the room is to get for some time.
    pub(crate) async fn say_sticky(&self, room: &str, text: &str, duration_ms: u64) -> String {
        let (room, transaction) = (encode(room), encode(text));
        let duration = format!("org.matrix.msc4354.sticky_duration_ms={duration_ms}");
        let path = format!("/rooms/{room}/send/m.room.message/{transaction}?{duration}");
        let answer = self.put(&path, json!({"msgtype": "m.text", "body": text})).await.ok();
        answer["event_id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn relate(&self, room: &str, rel_type: &str, parent: &str, text: &str) -> String {
        let relation = json!({"rel_type": rel_type, "event_id": parent});
        let mut content = json!({"msgtype": "m.text", "body": text, "m.relates_to": relation});
        if rel_type == "m.replace" {
            content["m.new_content"] = json!({"msgtype": "m.text", "body": text});
        }
        self.send_event(room, "m.room.message", content).await.event_id()
    }

    /// Reacts to an event, and answers the id of the reaction.
    pub(crate) async fn react(&self, room: &str, parent: &str, key: &str) -> String {
        let relation = json!({"rel_type": "m.annotation", "event_id": parent, "key": key});
        self.send_event(room, "m.reaction", json!({"m.relates_to": relation})).await.event_id()
    }

    /// Changes some of the power levels of a room; of `users` and `events`, only the entries that are given.
    pub(crate) async fn set_levels(&self, room: &str, changes: Value) -> Answer {
        let mut levels = self.state(room, "m.room.power_levels", "").await.ok();
        for (key, value) in changes.as_object().unwrap() {
            match value.as_object() {
                Some(entries) => {
                    for (entry, level) in entries {
                        levels[key][entry] = level.clone();
                    }
                }
                None => levels[key] = value.clone(),
            }
        }
        self.set_state(room, "m.room.power_levels", "", levels).await
    }

    /// One sync that answers at once, with more parameters.
    pub(crate) async fn sync_with(&self, query: &str) -> Value {
        self.get(&format!("/sync?timeout=0&{query}")).await.ok()
    }
}
