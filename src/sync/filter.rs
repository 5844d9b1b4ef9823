//! The filter of a `/sync`: which sections, rooms and events a client wants. What a single room event filter means is
//! judged by `kith_rooms::filter`.
//! <https://spec.matrix.org/v1.19/client-server-api/#filtering>

use kith_rooms::filter::RoomEventFilter;
use kith_store::{Read, UserSid, tables::filters::FILTERS};
use ruma::{OwnedRoomId, RoomId};
use serde::Deserialize;

use crate::SyncError;

/// How many timeline events of a room a client gets that asks for no number.
const TIMELINE_EVENTS_DEFAULT: usize = 10;
/// How many timeline events of a room one answer has at most.
const TIMELINE_EVENTS_MAX: usize = 100;

/// What a client wants to hear of. The default is everything.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SyncFilter {
    /// Only these fields of events, as dotted paths.
    pub event_fields: Option<Vec<String>>,
    /// Events for clients, or as servers exchange them.
    pub event_format: EventFormat,
    /// Which presence.
    pub presence: RoomEventFilter,
    /// Which global account data.
    pub account_data: RoomEventFilter,
    /// Which rooms, and what of them.
    pub room: RoomFilter,
}

/// The part of a filter that speaks of rooms.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct RoomFilter {
    /// Only these rooms.
    pub rooms: Option<Vec<OwnedRoomId>>,
    /// Not these rooms, whatever `rooms` says.
    pub not_rooms: Option<Vec<OwnedRoomId>>,
    /// Rooms that the user has left, even if that is nothing new.
    pub include_leave: bool,
    /// Which account data of rooms.
    pub account_data: RoomEventFilter,
    /// Which receipts and typing notices.
    pub ephemeral: RoomEventFilter,
    /// Which state.
    pub state: RoomEventFilter,
    /// Which timeline events.
    pub timeline: RoomEventFilter,
}

/// In which form events are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventFormat {
    /// As the client-server API describes them.
    #[default]
    Client,
    /// As servers exchange them.
    Federation,
}

/// The filter is not one.
#[derive(Debug, thiserror::Error)]
#[error("the filter makes no sense: {0}")]
pub struct BadFilter(serde_json::Error);

impl SyncFilter {
    /// Reads a filter.
    pub fn from_json(json: &str) -> Result<Self, BadFilter> {
        serde_json::from_str(json).map_err(BadFilter)
    }

    /// The filter that the `filter` parameter means: JSON if it begins with a brace, else the id of a stored one.
    pub(crate) fn find(read: &dyn Read, user: UserSid, parameter: Option<&str>) -> Result<Self, SyncError> {
        match parameter {
            None => Ok(Self::default()),
            Some(json) if json.starts_with('{') => Ok(Self::from_json(json)?),
            Some(id) => {
                let json = FILTERS.get(read, &(user, id.to_owned()))?.ok_or(SyncError::NoSuchFilter)?;
                Ok(Self::from_json(&json)?)
            }
        }
    }
}

impl RoomFilter {
    /// Whether anything of a room is wanted.
    pub(crate) fn allows_room(&self, room: &RoomId) -> bool {
        let is_in = |rooms: &Vec<OwnedRoomId>| rooms.iter().any(|listed| listed == room);
        self.rooms.as_ref().is_none_or(is_in) && !self.not_rooms.as_ref().is_some_and(is_in)
    }

    /// How many timeline events a room may have.
    pub(crate) fn timeline_limit(&self) -> usize {
        let wanted = self
            .timeline
            .limit
            .map_or(TIMELINE_EVENTS_DEFAULT, |limit| usize::try_from(limit).unwrap_or(TIMELINE_EVENTS_MAX));
        wanted.min(TIMELINE_EVENTS_MAX)
    }

    /// Whether members come only with what they wrote. Some clients say so in one of the two filters, some in both.
    pub(crate) fn lazy_load_members(&self) -> bool {
        self.state.lazy_load_members || self.timeline.lazy_load_members
    }

    /// Whether members come again although the client should know them.
    pub(crate) fn include_redundant_members(&self) -> bool {
        self.state.include_redundant_members || self.timeline.include_redundant_members
    }
}

#[cfg(test)]
mod tests {
    use ruma::room_id;

    use super::*;

    #[test]
    fn what_clients_write_is_understood() {
        let filter = SyncFilter::from_json(
            r#"{"room":{"state":{"lazy_load_members":true},"timeline":{"limit":1000,"unread_thread_notifications":true},
                "not_rooms":["!a:x"],"include_leave":true},"event_fields":["type"],"presence":{"types":[]}}"#,
        )
        .expect("a filter");
        assert!(filter.room.lazy_load_members() && !filter.room.include_redundant_members());
        assert!(!filter.room.allows_room(room_id!("!a:x")) && filter.room.allows_room(room_id!("!b:x")));
        assert_eq!(filter.room.timeline_limit(), TIMELINE_EVENTS_MAX);
        assert!(filter.presence.allows_nothing() && !filter.account_data.allows_nothing());
        assert_eq!(
            SyncFilter::from_json("{}").expect("a filter").room.timeline_limit(),
            TIMELINE_EVENTS_DEFAULT
        );
        assert!(SyncFilter::from_json(r#"{"room":3}"#).is_err());
    }
}
