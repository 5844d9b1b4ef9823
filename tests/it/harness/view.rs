//! What a test looks for in the answers to `/sync`.

use serde_json::Value;

/// The content of the newest ephemeral event of this type in a joined room.
pub(crate) fn ephemeral<'a>(answer: &'a Value, room: &str, kind: &str) -> Option<&'a Value> {
    let events = answer["rooms"]["join"][room]["ephemeral"]["events"].as_array()?;
    events.iter().rev().find(|event| event["type"] == kind).map(|event| &event["content"])
}

/// Every receipt in an answer's room: event, kind, user and thread.
pub(crate) fn receipts(answer: &Value, room: &str) -> Vec<(String, String, String, Option<String>)> {
    let mut found = Vec::new();
    let events = answer["rooms"]["join"][room]["ephemeral"]["events"].as_array();
    for event in events.into_iter().flatten().filter(|event| event["type"] == "m.receipt") {
        for (event_id, kinds) in event["content"].as_object().unwrap() {
            for (kind, users) in kinds.as_object().unwrap() {
                for (user, receipt) in users.as_object().unwrap() {
                    assert!(receipt["ts"].is_u64(), "a receipt without a time: {event}");
                    let thread = receipt["thread_id"].as_str().map(str::to_owned);
                    found.push((event_id.clone(), kind.clone(), user.clone(), thread));
                }
            }
        }
    }
    found
}

/// A user's receipt of a kind: the event and the thread.
pub(crate) fn receipt_of(
    answer: &Value,
    room: &str,
    kind: &str,
    user: &str,
) -> Option<(String, Option<String>)> {
    let found = receipts(answer, room).into_iter().find(|receipt| receipt.1 == kind && receipt.2 == user);
    found.map(|(event, _, _, thread)| (event, thread))
}

/// Whether the timeline of a room holds an event.
pub(crate) fn shows_event(answer: &Value, room: &str, event_id: &str) -> bool {
    let events = answer["rooms"]["join"][room]["timeline"]["events"].as_array();
    events.into_iter().flatten().any(|event| event["event_id"] == event_id)
}

/// The presence events of a user, as their contents.
pub(crate) fn presence_of<'a>(answer: &'a Value, user: &str) -> Option<&'a Value> {
    let events = answer["presence"]["events"].as_array()?;
    events.iter().rev().find(|event| event["sender"] == user).map(|event| &event["content"])
}

/// The content of an account data event: of a room, or of none.
pub(crate) fn account_data<'a>(answer: &'a Value, room: Option<&str>, kind: &str) -> Option<&'a Value> {
    let of = room.map_or(answer, |room| &answer["rooms"]["join"][room]);
    let events = of["account_data"]["events"].as_array()?;
    events.iter().rev().find(|event| event["type"] == kind).map(|event| &event["content"])
}
