//! The authorisation rules: which state an event leans on, and whether that state allows it.
//!
//! The rules are ruma's, asked in the two steps of the specification; added here is what ruma assumes to have been
//! checked before. Which states have to be asked on receipt of an event is the caller's knowledge.
//! <https://spec.matrix.org/v1.19/server-server-api/#authorization-rules>

#[cfg(test)]
pub(crate) mod tests;

use ruma::{
    EventId, OwnedEventId, RoomId, UserId,
    events::{StateEventType, TimelineEventType},
    state_res::{
        auth_types_for_event, check_state_dependent_auth_rules, check_state_independent_auth_rules,
        events::RoomCreateEvent,
    },
};
use serde_json::value::RawValue;

use crate::{
    Pdu, RoomVersion,
    owned_state::{self, Masked},
};

/// Why an event is not allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct AuthError(String);

impl AuthError {
    fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// Which entries of the room's state an event of this kind has to name in its `auth_events`.
///
/// Fails if the content is so malformed that the event cannot be allowed by any state.
pub fn auth_types(
    room_version: &RoomVersion,
    kind: &TimelineEventType,
    sender: &UserId,
    state_key: Option<&str>,
    content: &RawValue,
) -> Result<Vec<(StateEventType, String)>, AuthError> {
    auth_types_for_event(kind, sender, state_key, content, room_version.auth()).map_err(AuthError)
}

/// Which entries of a state `check` will ask for: those of `auth_types`, and always the create event.
pub fn state_needed(pdu: &Pdu) -> Result<Vec<(StateEventType, String)>, AuthError> {
    let create = (StateEventType::RoomCreate, String::new());
    let mut needed =
        auth_types(pdu.room_version(), pdu.kind(), pdu.sender(), pdu.state_key(), pdu.content())?;
    if *pdu.kind() != TimelineEventType::RoomCreate && !needed.contains(&create) {
        needed.push(create);
    }
    Ok(needed)
}

/// Checks an event against the events it names in `auth_events`: that they are the right ones and were not
/// themselves rejected, and that a state made of them allows the event.
///
/// `fetch` is asked for those events and, where it is implied rather than listed, for the create event of the room.
pub fn check_auth_events(pdu: &Pdu, fetch: impl Fn(&EventId) -> Option<Pdu>) -> Result<(), AuthError> {
    check_state_independent_auth_rules(pdu.room_version().auth(), pdu, &fetch).map_err(AuthError)?;
    if *pdu.kind() == TimelineEventType::RoomCreate {
        return check_create(pdu);
    }
    let mut state: Vec<Pdu> = pdu.auth_events().iter().filter_map(|event_id| fetch(event_id)).collect();
    if pdu.room_version().room_id_is_create_hash() {
        state.push(implied_create(pdu, fetch)?);
    }
    check(pdu, |kind, state_key| {
        let kind = TimelineEventType::from(kind.to_string());
        state.iter().find(|event| event.is_state_of(&kind, state_key)).cloned()
    })
}

/// Checks an event against a state of its room.
///
/// `state` is asked only for entries that `state_needed` lists. That the event is signed by everybody who has to
/// sign it must be known already.
pub fn check(pdu: &Pdu, state: impl Fn(&StateEventType, &str) -> Option<Pdu>) -> Result<(), AuthError> {
    if *pdu.kind() == TimelineEventType::RoomCreate {
        return check_create(pdu);
    }
    let fetch_state = |kind: &StateEventType, state_key: &str| {
        let found = state(kind, state_key);
        if *kind == StateEventType::RoomJoinRules { found_or_default_join_rule(pdu, found) } else { found }
    };
    let rules = pdu.room_version().auth();
    if !pdu.room_version().has_owned_state() {
        return check_state_dependent_auth_rules(rules, pdu, fetch_state).map_err(AuthError);
    }
    if !owned_state::allows(pdu, &state) {
        return Err(AuthError::new("the state key is somebody else's who does not have less power"));
    }
    check_state_dependent_auth_rules(rules, Masked::new(pdu.clone(), true), fetch_state).map_err(AuthError)
}

/// The id of the create event of a room that is named by that event's hash.
pub fn create_event_id(room_id: &RoomId) -> Result<OwnedEventId, AuthError> {
    EventId::parse(format!("${}", room_id.strip_sigil()))
        .map_err(|_| AuthError::new("the room id is not the hash of an event"))
}

/// The rules for create events that do not depend on any other event.
fn check_create(create: &Pdu) -> Result<(), AuthError> {
    check_state_independent_auth_rules(create.room_version().auth(), create, |_| None::<Pdu>)
        .map_err(AuthError)?;
    if create.state_key() != Some("") {
        return Err(AuthError::new("a create event has an empty state key"));
    }
    let version = RoomCreateEvent::new(create).room_version().map_err(AuthError)?;
    if version != *create.room_version().id() {
        return Err(AuthError::new("the create event is for another room version"));
    }
    Ok(())
}

/// The create event that an event implies by its room id.
fn implied_create(pdu: &Pdu, fetch: impl Fn(&EventId) -> Option<Pdu>) -> Result<Pdu, AuthError> {
    let create = fetch(&create_event_id(pdu.room_id())?);
    create
        .filter(|create| create.is_state_of(&TimelineEventType::RoomCreate, "") && !create.rejected())
        .ok_or_else(|| AuthError::new("the room id is not the hash of an accepted create event"))
}

/// A room without a join rule is a room that one is invited to: so all servers have it, though not the text of
/// the rules.
fn found_or_default_join_rule(pdu: &Pdu, found: Option<Pdu>) -> Option<Pdu> {
    let has_rule = |event: &Pdu| event.content_member("join_rule").is_some();
    match found {
        Some(event) if has_rule(&event) => Some(event),
        _ => default_join_rule(pdu),
    }
}

fn default_join_rule(pdu: &Pdu) -> Option<Pdu> {
    let json = serde_json::json!({
        "type": "m.room.join_rules", "state_key": "", "content": { "join_rule": "invite" },
        "room_id": pdu.room_id(), "sender": pdu.sender(), "depth": 0, "origin_server_ts": 0,
        "prev_events": [], "auth_events": [],
    });
    Pdu::from_stored(pdu.room_version(), pdu.event_id().clone(), false, json.to_string()).ok()
}
