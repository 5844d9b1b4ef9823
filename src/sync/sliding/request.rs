//! What a client asks for: lists of rooms, single rooms, and extensions.
//!
//! The deployed wire format, which differs from the newest text of the proposal; read leniently, as clients in use
//! write it. <https://github.com/matrix-org/matrix-spec-proposals/pull/4186>

use std::{collections::BTreeMap, time::Duration};

use kith_store::Position;
use ruma::OwnedRoomId;
use serde::Deserialize;

use super::SlidingError;
use crate::{streams::to_device::TO_DEVICE_EVENTS_MAX, token};

/// How many lists one request may have.
const LISTS_MAX: usize = 100;
/// How many rooms one request may subscribe to.
const SUBSCRIPTIONS_MAX: usize = 1_000;
/// How many entries of required state one room configuration may have.
const REQUIRED_STATE_MAX: usize = 200;
/// How long the name of a connection may be, in bytes.
const CONNECTION_NAME_BYTES_MAX: usize = 64;

/// The body of a request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SlidingRequest {
    /// Which of the device's connections this is.
    pub conn_id: Option<String>,
    /// Given back with the answer.
    pub txn_id: Option<String>,
    /// Windows into the user's rooms.
    pub lists: BTreeMap<String, ListConfig>,
    /// Rooms that are wanted whatever the lists say.
    pub room_subscriptions: BTreeMap<OwnedRoomId, RoomConfig>,
    /// What is wanted besides rooms.
    pub extensions: Extensions,
}

/// A window into the user's rooms.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListConfig {
    /// First and last place of each stretch, both included.
    pub ranges: Vec<(u64, u64)>,
    /// Which rooms are in the list.
    pub filters: Option<Filters>,
    /// What is wanted of them.
    #[serde(flatten)]
    pub config: RoomConfig,
}

/// What is wanted of a room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RoomConfig {
    /// How many of the newest events.
    pub timeline_limit: u64,
    /// Which state: pairs of type and state key, with `*`, `$ME` and `$LAZY`.
    pub required_state: Vec<(String, String)>,
}

/// Which rooms are in a list; all that is given has to hold.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filters {
    /// Direct chats, or everything else.
    pub is_dm: Option<bool>,
    /// Encrypted rooms, or everything else.
    pub is_encrypted: Option<bool>,
    /// Invites, or everything else.
    pub is_invite: Option<bool>,
    /// Rooms of these spaces.
    pub spaces: Option<Vec<OwnedRoomId>>,
    /// Rooms of these types; nothing stands for ordinary rooms.
    pub room_types: Option<Vec<Option<String>>>,
    /// No rooms of these types.
    pub not_room_types: Option<Vec<Option<String>>>,
    /// Rooms whose name contains this, in upper or lower case.
    pub room_name_like: Option<String>,
    /// Rooms with one of these tags.
    pub tags: Option<Vec<String>>,
    /// Rooms with none of these tags.
    pub not_tags: Option<Vec<String>>,
}

/// What is wanted besides rooms.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Extensions {
    /// Messages to the device.
    pub to_device: ToDevice,
    /// Whose devices changed, and how many keys are left.
    pub e2ee: Toggle,
    /// Account data.
    pub account_data: PerRoom,
    /// Receipts.
    pub receipts: PerRoom,
    /// Who is typing.
    pub typing: PerRoom,
    /// To which threads the user subscribed.
    #[serde(rename = "io.element.msc4308.thread_subscriptions")]
    pub thread_subscriptions: Limited,
    /// What everybody in a room is to get for some time.
    #[serde(rename = "org.matrix.msc4354.sticky_events")]
    pub sticky_events: Sticky,
}

/// The extension that tells sticky events.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sticky {
    #[serde(flatten)]
    pub(super) limited: Limited,
    /// Up to where the client has got them.
    pub(super) since: Option<String>,
}

/// An extension that tells so many changes at most.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Limited {
    enabled: Option<bool>,
    limit: Option<u64>,
}

impl Sticky {
    /// Up to where the client has got them.
    pub(super) fn since(&self) -> Result<Position, SlidingError> {
        let since = self.since.as_deref().filter(|since| !since.is_empty());
        let since = since.map(token::parse_since).transpose().map_err(|_| SlidingError::UnknownToken)?;
        Ok(since.map_or(Position::START, |since| since.position))
    }
}

impl Limited {
    /// How many changes are told at most; none, if the extension is off.
    pub(super) fn limit(&self, limit_max: usize) -> Option<usize> {
        let limit = self.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(limit_max);
        (self.enabled == Some(true)).then_some(limit.clamp(1, limit_max))
    }
}

/// The extension that tells messages to the device.
/// <https://github.com/matrix-org/matrix-spec-proposals/pull/3885>
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ToDevice {
    enabled: Option<bool>,
    /// How many messages one answer may have.
    limit: Option<u64>,
    /// The `next_batch` of what has arrived: everything up to there need not be kept any longer.
    since: Option<String>,
}

/// An extension that is on or off.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Toggle {
    enabled: Option<bool>,
}

/// An extension that speaks of rooms.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PerRoom {
    enabled: Option<bool>,
    /// Of the rooms of these lists; all of them, if nothing is said.
    lists: Option<Vec<String>>,
    /// Of these rooms; all that are subscribed to, if nothing is said.
    rooms: Option<Vec<String>>,
}

/// One request with what its URL says.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Where the client's last answer ended.
    pub pos: Option<String>,
    /// How long to wait for something to tell.
    pub timeout: Duration,
    /// The body.
    pub body: SlidingRequest,
}

impl SlidingRequest {
    /// What is too much, in words.
    pub(super) fn excess(&self) -> Option<String> {
        let configs = self.lists.values().map(|list| &list.config).chain(self.room_subscriptions.values());
        if self.lists.len() > LISTS_MAX {
            Some(format!("more than {LISTS_MAX} lists"))
        } else if self.room_subscriptions.len() > SUBSCRIPTIONS_MAX {
            Some(format!("more than {SUBSCRIPTIONS_MAX} room subscriptions"))
        } else if self.conn_id.as_ref().is_some_and(|name| name.len() > CONNECTION_NAME_BYTES_MAX) {
            Some(format!("conn_id is longer than {CONNECTION_NAME_BYTES_MAX} bytes"))
        } else if configs.into_iter().any(|config| config.required_state.len() > REQUIRED_STATE_MAX) {
            Some(format!("more than {REQUIRED_STATE_MAX} entries of required_state"))
        } else if self.lists.values().any(|list| list.ranges.iter().any(|(first, last)| first > last)) {
            Some("a range that ends before it begins".to_owned())
        } else {
            None
        }
    }
}

impl Asked {
    /// Up to where the device has got its messages, if the request says so.
    pub fn to_device_since(&self) -> Result<Option<Position>, SlidingError> {
        let asked = &self.body.extensions.to_device;
        let since = asked.since.as_deref().filter(|since| asked.is_on() && !since.is_empty());
        let since = since.map(token::parse_since).transpose().map_err(|_| SlidingError::UnknownToken)?;
        Ok(since.map(|since| since.to_device))
    }
}

impl ToDevice {
    pub(super) fn is_on(&self) -> bool {
        self.enabled == Some(true)
    }

    /// How many messages one answer has at most.
    pub(super) fn limit(&self) -> usize {
        let limit = self.limit.and_then(|limit| usize::try_from(limit).ok());
        limit.unwrap_or(TO_DEVICE_EVENTS_MAX).min(TO_DEVICE_EVENTS_MAX)
    }
}

impl Toggle {
    pub(super) fn is_on(&self) -> bool {
        self.enabled == Some(true)
    }
}

impl PerRoom {
    pub(super) fn is_on(&self) -> bool {
        self.enabled == Some(true)
    }

    /// Whether the extension speaks of the rooms of a list.
    pub(super) fn covers_list(&self, list: &str) -> bool {
        self.lists.as_ref().is_none_or(|lists| lists.iter().any(|name| name == "*" || name == list))
    }

    /// Whether the extension speaks of a room that is subscribed to.
    pub(super) fn covers_subscription(&self, room: &str) -> bool {
        self.rooms.as_ref().is_none_or(|rooms| rooms.iter().any(|name| name == "*" || name == room))
    }
}

impl RoomConfig {
    /// Takes in what another list or subscription wants of the same room.
    pub(super) fn widen(&mut self, other: &Self) {
        self.timeline_limit = self.timeline_limit.max(other.timeline_limit);
        self.required_state.extend(other.required_state.iter().cloned());
    }

    /// The required state, each entry once and in order, so that equal wishes look equal.
    pub(super) fn normalise(&mut self) {
        self.required_state.sort_unstable();
        self.required_state.dedup();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_send_is_understood() {
        let request: SlidingRequest = serde_json::from_str(
            r#"{"conn_id":"room-list","lists":{"all_rooms":{"ranges":[[0,19]],"timeline_limit":1,
                "required_state":[["m.room.name",""],["m.room.member","$LAZY"]],
                "filters":{"not_room_types":["m.space",null],"is_dm":false}}},
                "room_subscriptions":{"!a:x":{"timeline_limit":20,"include_heroes":true}},
                "extensions":{"account_data":{"enabled":true},"receipts":{"enabled":true,"rooms":["*"]},
                "to_device":{"enabled":true,"since":"s1"},"unheard_of":{"enabled":true}}}"#,
        )
        .expect("a request");
        let list = &request.lists["all_rooms"];
        assert_eq!((list.ranges[0], list.config.timeline_limit), ((0, 19), 1));
        let types = list.filters.as_ref().and_then(|filters| filters.not_room_types.clone());
        assert_eq!(types, Some(vec![Some("m.space".to_owned()), None]));
        let extensions = &request.extensions;
        assert!(extensions.account_data.is_on() && !extensions.typing.is_on() && !extensions.e2ee.is_on());
        assert!(extensions.receipts.covers_list("any") && extensions.receipts.covers_subscription("!a:x"));
        assert!(extensions.to_device.is_on() && extensions.to_device.limit() == TO_DEVICE_EVENTS_MAX);
        assert!(request.excess().is_none());
        let backwards = r#"{"lists":{"a":{"ranges":[[5,1]]}}}"#;
        assert!(serde_json::from_str::<SlidingRequest>(backwards).expect("a request").excess().is_some());
    }

    #[test]
    fn wishes_are_put_together() {
        let entry = |kind: &str| (kind.to_owned(), String::new());
        let mut config = RoomConfig { timeline_limit: 1, required_state: vec![entry("b"), entry("a")] };
        config.widen(&RoomConfig { timeline_limit: 20, required_state: vec![entry("a")] });
        config.normalise();
        assert_eq!(config, RoomConfig { timeline_limit: 20, required_state: vec![entry("a"), entry("b")] });
    }
}
