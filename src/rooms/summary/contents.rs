//! The contents of state events that a summary is made of. They come from other servers: whatever does not fit is
//! left out.

use std::collections::HashMap;

use ruma::{
    OwnedRoomId, UInt,
    events::room::{guest_access::GuestAccess, history_visibility::HistoryVisibility},
    room::{JoinRule, JoinRuleSummary, RoomSummary},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

/// The types of state that a summary looks at, all with an empty state key.
pub(super) const TYPES: [&str; 9] = [
    "m.room.create",
    "m.room.name",
    "m.room.topic",
    "m.room.avatar",
    "m.room.canonical_alias",
    "m.room.join_rules",
    "m.room.history_visibility",
    "m.room.guest_access",
    "m.room.encryption",
];

/// Contents by type.
#[derive(Default)]
pub(super) struct Contents(HashMap<String, String>);

#[derive(Deserialize)]
struct TopicBlock {
    #[serde(rename = "m.text", default)]
    texts: Vec<TopicText>,
}

#[derive(Deserialize)]
struct TopicText {
    body: String,
    mimetype: Option<String>,
}

impl Contents {
    pub(super) fn set(&mut self, kind: &str, content: &str) {
        self.0.insert(kind.to_owned(), content.to_owned());
    }

    pub(super) fn summarize(&self, room_id: OwnedRoomId) -> RoomSummary {
        let visibility = self.field("m.room.history_visibility", "history_visibility");
        let guests = self.field("m.room.guest_access", "guest_access");
        RoomSummary {
            room_id,
            canonical_alias: self.field("m.room.canonical_alias", "alias"),
            name: self.text("m.room.name", "name"),
            topic: self.topic(),
            avatar_url: self.field("m.room.avatar", "url"),
            room_type: self.field("m.room.create", "type"),
            num_joined_members: UInt::MIN,
            join_rule: self.join_rule(),
            world_readable: visibility == Some(HistoryVisibility::WorldReadable),
            guest_can_join: guests == Some(GuestAccess::CanJoin),
            encryption: self.field("m.room.encryption", "algorithm"),
            room_version: self.field("m.room.create", "room_version"),
        }
    }

    /// The plain text of the topic block, or the topic of old.
    fn topic(&self) -> Option<String> {
        let block: Option<TopicBlock> = self.field("m.room.topic", "m.topic");
        let is_plain =
            |text: &TopicText| text.mimetype.as_deref().is_none_or(|mimetype| mimetype == "text/plain");
        let plain = block.and_then(|block| block.texts.into_iter().find(is_plain)).map(|text| text.body);
        plain.filter(|body| !body.is_empty()).or_else(|| self.text("m.room.topic", "topic"))
    }

    /// A room without a readable rule is one that needs an invite.
    fn join_rule(&self) -> JoinRuleSummary {
        let content = self.0.get("m.room.join_rules");
        let rule = content.and_then(|content| serde_json::from_str::<JoinRule>(content).ok());
        rule.map_or(JoinRuleSummary::Invite, JoinRuleSummary::from)
    }

    fn text(&self, kind: &str, field: &str) -> Option<String> {
        self.field::<String>(kind, field).filter(|text| !text.is_empty())
    }

    fn field<T: DeserializeOwned>(&self, kind: &str, field: &str) -> Option<T> {
        let content: HashMap<String, &RawValue> = serde_json::from_str(self.0.get(kind)?).ok()?;
        serde_json::from_str(content.get(field)?.get()).ok()
    }
}

#[cfg(test)]
mod tests {
    use ruma::owned_room_id;

    use super::*;

    fn summarize(contents: &[(&str, &str)]) -> RoomSummary {
        let mut all = Contents::default();
        for (kind, content) in contents {
            all.set(kind, content);
        }
        all.summarize(owned_room_id!("!room:a.example"))
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        let summary = summarize(&[
            ("m.room.name", r#"{"name":["not a text"]}"#),
            ("m.room.topic", r#"{"topic":""}"#),
            ("m.room.canonical_alias", r#"{"alias":"not an alias"}"#),
            ("m.room.create", "[]"),
            ("m.room.join_rules", r#"{"join_rule":7}"#),
            ("m.room.history_visibility", r#"{"history_visibility":"nonsense"}"#),
        ]);
        assert_eq!((summary.name, summary.topic, summary.canonical_alias), (None, None, None));
        assert_eq!(summary.join_rule, JoinRuleSummary::Invite);
        assert!(!summary.world_readable && !summary.guest_can_join);
    }

    #[test]
    fn the_topic_block_comes_before_the_topic() {
        let block = r#"{"topic":"old","m.topic":{"m.text":[{"mimetype":"text/html","body":"<b>x</b>"},{"body":"new"}]}}"#;
        assert_eq!(summarize(&[("m.room.topic", block)]).topic.as_deref(), Some("new"));
        let plain = r#"{"topic":"old","m.topic":{"m.text":7}}"#;
        assert_eq!(summarize(&[("m.room.topic", plain)]).topic.as_deref(), Some("old"));
    }

    #[test]
    fn what_fits_is_there() {
        let rule = r#"{"join_rule":"restricted","allow":[{"type":"m.room_membership","room_id":"!club:a.example"}]}"#;
        let summary = summarize(&[
            ("m.room.create", r#"{"type":"m.space","room_version":"12"}"#),
            ("m.room.join_rules", rule),
            ("m.room.history_visibility", r#"{"history_visibility":"world_readable"}"#),
            ("m.room.guest_access", r#"{"guest_access":"can_join"}"#),
            ("m.room.encryption", r#"{"algorithm":"m.megolm.v1.aes-sha2"}"#),
        ]);
        assert_eq!(summary.room_type.map(|kind| kind.to_string()).as_deref(), Some("m.space"));
        assert!(summary.world_readable && summary.guest_can_join && summary.encryption.is_some());
        match summary.join_rule {
            JoinRuleSummary::Restricted(rule) => assert_eq!(rule.allowed_room_ids, ["!club:a.example"]),
            other => panic!("{other:?}"),
        }
    }
}
