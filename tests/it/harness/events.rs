//! Lists of events, as answers hold them.

use serde_json::Value;

#[track_caller]
pub(crate) fn list(events: &Value) -> &[Value] {
    events.as_array().unwrap_or_else(|| panic!("no list of events: {events}"))
}

/// The ids of the events, in their order.
#[track_caller]
pub(crate) fn event_ids(events: &Value) -> Vec<&str> {
    list(events).iter().map(|event| event["event_id"].as_str().unwrap()).collect()
}

/// The texts of the messages among the events, in their order.
#[track_caller]
pub(crate) fn bodies(events: &Value) -> Vec<&str> {
    list(events).iter().filter_map(|event| event["content"]["body"].as_str()).collect()
}

/// The types of the events, in their order.
#[track_caller]
pub(crate) fn types(events: &Value) -> Vec<&str> {
    list(events).iter().map(|event| event["type"].as_str().unwrap()).collect()
}

/// The event of this id.
#[track_caller]
pub(crate) fn find_event<'a>(events: &'a Value, event_id: &str) -> &'a Value {
    let found = list(events).iter().find(|event| event["event_id"] == event_id);
    found.unwrap_or_else(|| panic!("no {event_id} in {events}"))
}

/// The newest state event of this type and key.
pub(crate) fn find_state<'a>(events: &'a Value, kind: &str, key: &str) -> Option<&'a Value> {
    let mut newest_first = events.as_array()?.iter().rev();
    newest_first.find(|event| event["type"] == kind && event["state_key"] == key)
}

/// The content of a state event that must be there.
#[track_caller]
pub(crate) fn state_content<'a>(events: &'a Value, kind: &str, key: &str) -> &'a Value {
    let found = find_state(events, kind, key);
    &found.unwrap_or_else(|| panic!("no {kind} {key:?} in {events}"))["content"]
}

/// The users of the member events among the events, sorted.
#[track_caller]
pub(crate) fn members(events: &Value) -> Vec<&str> {
    let of_members = list(events).iter().filter(|event| event["type"] == "m.room.member");
    let mut users: Vec<&str> = of_members.map(|event| event["state_key"].as_str().unwrap()).collect();
    users.sort_unstable();
    users
}
