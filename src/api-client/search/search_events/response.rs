//! What was found, as clients get it. Not an endpoint: ruma leaves out lists that are empty, and clients count on them.

use std::collections::BTreeMap;

use kith_rooms::timeline::{FoundContext, ProfileThen};
use kith_search::events::{EventResults, FoundEvent, FoundGroup};
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId};
use serde::Serialize;
use serde_json::value::RawValue;

/// The answer.
#[derive(Default, Serialize)]
pub(crate) struct Response {
    search_categories: Categories,
}

#[derive(Default, Serialize)]
struct Categories {
    #[serde(skip_serializing_if = "Option::is_none")]
    room_events: Option<RoomEvents>,
}

#[derive(Serialize)]
struct RoomEvents {
    count: u64,
    highlights: Vec<String>,
    results: Vec<SearchResult>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<BTreeMap<OwnedRoomId, Vec<Box<RawValue>>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Groups>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_batch: Option<String>,
}

#[derive(Serialize)]
struct SearchResult {
    rank: f32,
    result: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Context>,
}

#[derive(Serialize)]
struct Context {
    start: String,
    end: String,
    events_before: Vec<Box<RawValue>>,
    events_after: Vec<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile_info: Option<BTreeMap<OwnedUserId, Profile>>,
}

#[derive(Serialize)]
struct Profile {
    #[serde(skip_serializing_if = "Option::is_none")]
    displayname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar_url: Option<String>,
}

#[derive(Serialize)]
struct Groups {
    #[serde(skip_serializing_if = "Option::is_none")]
    room_id: Option<BTreeMap<OwnedRoomId, Group>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sender: Option<BTreeMap<OwnedUserId, Group>>,
}

#[derive(Serialize)]
struct Group {
    order: u32,
    results: Vec<OwnedEventId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_batch: Option<String>,
}

impl Response {
    pub(crate) fn of(found: EventResults, with_profiles: bool) -> Self {
        let grouped = found.rooms.is_some() || found.senders.is_some();
        let groups = Groups { room_id: found.rooms.map(groups), sender: found.senders.map(groups) };
        let results = found.results.into_iter().map(|event| result(event, with_profiles));
        let room_events = RoomEvents {
            count: found.count,
            highlights: found.highlights,
            results: results.collect(),
            state: found.state,
            groups: grouped.then_some(groups),
            next_batch: found.next_batch,
        };
        Self { search_categories: Categories { room_events: Some(room_events) } }
    }
}

fn result(found: FoundEvent, with_profiles: bool) -> SearchResult {
    let context = found.context.map(|context| self::context(context, with_profiles));
    SearchResult { rank: found.rank, result: found.event, context }
}

fn context(found: FoundContext, with_profiles: bool) -> Context {
    let profiles = found.profiles.into_iter().map(|(user, ProfileThen { display_name, avatar_url })| {
        (user, Profile { displayname: display_name, avatar_url })
    });
    Context {
        start: found.start.to_string(),
        end: found.end.to_string(),
        events_before: found.events_before,
        events_after: found.events_after,
        profile_info: with_profiles.then(|| profiles.collect()),
    }
}

fn groups<K: Ord>(groups: BTreeMap<K, FoundGroup>) -> BTreeMap<K, Group> {
    let shape = |group: FoundGroup| Group {
        order: group.order,
        results: group.results,
        next_batch: group.next_batch,
    };
    groups.into_iter().map(|(key, group)| (key, shape(group))).collect()
}
