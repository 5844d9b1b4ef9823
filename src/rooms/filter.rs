//! `RoomEventFilter`: which events of a room a client wants to see. The one place where filters are judged, for
//! `/messages`, `/context`, `/search` and `/sync`.
//!
//! ruma's type lacks the fields about relations, so the JSON is read here. Whether an event may be seen at all is
//! `visibility.rs`.
//! <https://spec.matrix.org/v1.19/client-server-api/#filtering>

use kith_event::Pdu;
use kith_store::tables::relations::RELATIONS;
use kith_store::{Direction, EventSid, Read};
use ruma::{OwnedRoomId, OwnedUserId, RoomId, UserId};
use serde::{Deserialize, Serialize};

use crate::{Rooms, receive::DUMMY_EVENT};

/// How many relations of one event are looked at when a filter asks what relates to it.
const RELATIONS_LOOKED_AT_MAX: usize = 2_048;

/// Which events of rooms a client wants. The default wants everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RoomEventFilter {
    /// At most so many events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Only these types; `*` stands for any characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub types: Option<Vec<String>>,
    /// Not these types, whatever `types` says.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub not_types: Vec<String>,
    /// Only from these senders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub senders: Option<Vec<OwnedUserId>>,
    /// Not from these senders, whatever `senders` says.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub not_senders: Vec<OwnedUserId>,
    /// Only in these rooms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rooms: Option<Vec<OwnedRoomId>>,
    /// Not in these rooms, whatever `rooms` says.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub not_rooms: Vec<OwnedRoomId>,
    /// Only events with a `url` in their content, or only events without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains_url: Option<bool>,
    /// Only the membership events that go with the timeline.
    #[serde(skip_serializing_if = "is_false", deserialize_with = "null_as_default")]
    pub lazy_load_members: bool,
    /// Membership events even if the client should know them already.
    #[serde(skip_serializing_if = "is_false", deserialize_with = "null_as_default")]
    pub include_redundant_members: bool,
    /// Unread counts per thread.
    #[serde(skip_serializing_if = "is_false", deserialize_with = "null_as_default")]
    pub unread_thread_notifications: bool,
    /// Only events that one of these users related another event to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub related_by_senders: Option<Vec<OwnedUserId>>,
    /// Only events that another event relates to in one of these ways.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub related_by_rel_types: Option<Vec<String>>,
    /// Only events that themselves relate to another in one of these ways (MSC3874).
    #[serde(rename = "org.matrix.msc3874.rel_types", skip_serializing_if = "Option::is_none")]
    pub rel_types: Option<Vec<String>>,
    /// Not events that themselves relate to another in one of these ways (MSC3874).
    #[serde(
        rename = "org.matrix.msc3874.not_rel_types",
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "null_as_default"
    )]
    pub not_rel_types: Vec<String>,
}

impl RoomEventFilter {
    /// Reads a filter as it stands in a query or a stored filter.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// Whether anything of a room can pass.
    pub fn allows_room(&self, room: &RoomId) -> bool {
        let wanted = self.rooms.as_ref().is_none_or(|rooms| rooms.iter().any(|listed| listed == room));
        wanted && !self.not_rooms.iter().any(|listed| listed == room)
    }

    /// Whether events of a type can pass.
    pub fn allows_type(&self, kind: &str) -> bool {
        let wanted = self
            .types
            .as_ref()
            .is_none_or(|types| types.iter().any(|pattern| matches_wildcard(pattern, kind)));
        wanted && !self.not_types.iter().any(|pattern| matches_wildcard(pattern, kind))
    }

    /// Whether events of a sender can pass.
    pub fn allows_sender(&self, sender: &UserId) -> bool {
        let wanted =
            self.senders.as_ref().is_none_or(|senders| senders.iter().any(|listed| listed == sender));
        wanted && !self.not_senders.iter().any(|listed| listed == sender)
    }

    /// Whether nothing can pass at all, so that nothing needs to be read.
    pub fn allows_nothing(&self) -> bool {
        let empty = |list: &Option<Vec<String>>| list.as_ref().is_some_and(Vec::is_empty);
        empty(&self.types)
            || empty(&self.rel_types)
            || empty(&self.related_by_rel_types)
            || self.senders.as_ref().is_some_and(Vec::is_empty)
            || self.related_by_senders.as_ref().is_some_and(Vec::is_empty)
            || self.rooms.as_ref().is_some_and(Vec::is_empty)
    }

    /// Whether the event passes, as far as the event alone can tell; see also [`Rooms::matches_filter`].
    pub fn matches(&self, pdu: &Pdu) -> bool {
        self.allows_sender(pdu.sender())
            && self.allows_type(&pdu.kind_text())
            && self.allows_room(pdu.room_id())
            && self.allows_url(pdu)
            && self.allows_relation(pdu)
    }

    /// Whether the filter asks what relates to an event.
    pub fn asks_for_relations(&self) -> bool {
        self.related_by_senders.is_some() || self.related_by_rel_types.is_some()
    }

    fn allows_url(&self, pdu: &Pdu) -> bool {
        let Some(wanted) = self.contains_url else { return true };
        pdu.content_field::<String>("url").is_some() == wanted
    }

    fn allows_relation(&self, pdu: &Pdu) -> bool {
        if self.rel_types.is_none() && self.not_rel_types.is_empty() {
            return true;
        }
        let relation = rel_type(pdu);
        let is_in = |list: &[String]| relation.as_ref().is_some_and(|relation| list.contains(relation));
        self.rel_types.as_deref().is_none_or(is_in) && !is_in(&self.not_rel_types)
    }
}

/// Whether an event says nothing to clients: it only brings forks of the room together.
pub(crate) fn is_never_shown(pdu: &Pdu) -> bool {
    pdu.kind_text() == DUMMY_EVENT && !pdu.is_state()
}

impl Rooms {
    /// Whether the event passes the filter, what relates to it included.
    pub fn matches_filter(
        &self,
        read: &dyn Read,
        filter: &RoomEventFilter,
        event: EventSid,
        pdu: &Pdu,
    ) -> Result<bool, kith_store::Error> {
        if is_never_shown(pdu) || !filter.matches(pdu) {
            return Ok(false);
        }
        if !filter.asks_for_relations() {
            return Ok(true);
        }
        for row in RELATIONS.scan(read, &event, Direction::Backward).take(RELATIONS_LOOKED_AT_MAX) {
            let (_, relation) = row?;
            let kind_fits =
                filter.related_by_rel_types.as_ref().is_none_or(|types| types.contains(&relation.rel_type));
            if !kind_fits {
                continue;
            }
            let Some(senders) = &filter.related_by_senders else { return Ok(true) };
            if senders.contains(&self.store.ids().user_id(relation.sender)?) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// How an event relates to another, if it does.
pub(crate) fn rel_type(pdu: &Pdu) -> Option<String> {
    #[derive(Deserialize)]
    struct RelatesTo {
        rel_type: Option<String>,
    }
    pdu.content_field::<RelatesTo>("m.relates_to")?.rel_type
}

/// Whether `text` fits a pattern in which `*` stands for any characters. Takes time in proportion to both lengths.
fn matches_wildcard(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(head) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return text.ends_with(part);
        }
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    true
}

fn is_false(value: &bool) -> bool {
    !value
}

/// Clients write `null` where they mean "not set".
fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        let cases = [
            ("m.room.message", "m.room.message", true),
            ("m.room.message", "m.room.messages", false),
            ("m.*", "m.room.message", true),
            ("m.*", "org.m.room", false),
            ("*", "", true),
            ("*.message", "m.room.message", true),
            ("m.*.message", "m.room.message", true),
            ("m.*.message", "m.room.message.x", false),
            ("m.*o*age", "m.room.message", true),
            ("a*a", "a", false),
            ("a**b", "ab", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(matches_wildcard(pattern, text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn what_clients_write_is_understood() {
        let filter = RoomEventFilter::from_json(
            r#"{"types":["m.room.*"],"not_types":null,"not_senders":["@a:x"],"lazy_load_members":true,"limit":5,
                "related_by_rel_types":["m.thread"],"unknown":{}}"#,
        )
        .expect("a filter");
        assert!(filter.lazy_load_members && filter.asks_for_relations() && filter.limit == Some(5));
        assert!(filter.allows_type("m.room.name") && !filter.allows_type("m.sticker"));
        assert!(
            !filter.allows_sender(ruma::user_id!("@a:x")) && filter.allows_sender(ruma::user_id!("@b:x"))
        );
        assert!(RoomEventFilter::from_json(r#"{"types":[]}"#).expect("a filter").allows_nothing());
        assert!(RoomEventFilter::from_json("[]").is_err() || !RoomEventFilter::default().allows_nothing());
    }
}
