//! The authorisation rules, one row each for what passes and what fails, in every room version.

mod auth_events;
mod third_party_invite;

use ruma::events::StateEventType;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    RoomVersion,
    factory::{Fork, Say, World, state, version},
};

/// One rule in a room that `World::room` makes.
#[derive(Deserialize)]
struct Row {
    rule: String,
    /// What the create event says besides.
    #[serde(default)]
    create: Value,
    /// Whether there is nothing but the create event.
    #[serde(default)]
    bare: bool,
    /// State that is not there.
    #[serde(default)]
    without: Vec<(String, String)>,
    /// State that is there, allowed or not.
    #[serde(default)]
    given: Vec<Event>,
    event: Event,
    allow: Option<String>,
    reject: Option<String>,
    /// A part of the reason for the rejection.
    reason: Option<String>,
}

/// Sender, type, state key and content; and what is redacted.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Event {
    Plain(String, String, Option<String>, Value),
    Redaction(String, String, Option<String>, Value, String),
}

impl Event {
    fn say(&self) -> Say<'_> {
        let (Self::Plain(sender, kind, state_key, content)
        | Self::Redaction(sender, kind, state_key, content, _)) = self;
        let redacts = match self {
            Self::Plain(..) => None,
            Self::Redaction(.., redacts) => Some(redacts.as_str()),
        };
        Say { sender, kind, state_key: state_key.as_deref(), content: content.clone(), redacts }
    }
}

/// The room versions of a range like `3-9`, or of a single number.
pub(crate) fn versions(range: &str) -> Vec<&'static RoomVersion> {
    let (from, to) = range.split_once('-').unwrap_or((range, range));
    let number = |text: &str| text.parse::<u8>().expect("a number");
    (number(from)..=number(to)).map(|id| version(&id.to_string())).collect()
}

#[test]
fn rules() {
    let rows: Vec<Row> =
        serde_json::from_str(include_str!("../../../tests/vectors/auth_rules.json")).expect("valid vectors");
    let mut failures = Vec::new();
    for row in &rows {
        for version in row.allow.as_deref().into_iter().flat_map(versions) {
            if let Err(reason) = verdict(row, version) {
                failures.push(format!("{version:?} rejects “{}”: {reason}", row.rule));
            }
        }
        for version in row.reject.as_deref().into_iter().flat_map(versions) {
            match verdict(row, version) {
                Ok(()) => failures.push(format!("{version:?} allows “{}”", row.rule)),
                Err(reason) if !reason.contains(row.reason.as_deref().unwrap_or_default()) => {
                    failures.push(format!("{version:?} rejects “{}” for another reason: {reason}", row.rule));
                }
                Err(_) => {}
            }
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

fn verdict(row: &Row, version: &'static RoomVersion) -> Result<(), String> {
    let world = World::new(version);
    let mut fork = if row.bare { world.found(row.create.clone()) } else { world.room(row.create.clone()) };
    for (kind, state_key) in &row.without {
        fork.state.remove(&(StateEventType::from(kind.as_str()), state_key.clone()));
    }
    for event in &row.given {
        world.put(&mut fork, event.say());
    }
    let pdu = world.make(&fork, row.event.say());
    world.allows(&fork, &pdu).map_err(|error| error.to_string())
}

/// Makes a create event with this content, in a room of this name where rooms have names.
fn create(version: &'static RoomVersion, sender: &str, content: &Value) -> Result<(), String> {
    let world = World::new(version);
    let mut fork = Fork::default();
    if !version.room_id_is_create_hash() {
        fork = world.found(json!({}));
        fork.heads.clear();
        fork.state.clear();
    }
    let pdu = world.make(&fork, state(sender, "m.room.create", "", content.clone()));
    world.allows(&fork, &pdu).map_err(|error| error.to_string())
}

#[test]
fn create_events() {
    for version in RoomVersion::all() {
        let good = json!({ "room_version": version.id(), "creator": "@alice:a" });
        assert_eq!(create(version, "@alice:a", &good), Ok(()), "{version:?}");
        let mut unknown = good.clone();
        unknown["room_version"] = "org.example.unknown".into();
        assert!(create(version, "@alice:a", &unknown).is_err(), "{version:?} allows an unknown room version");
        let without_version = create(version, "@alice:a", &json!({ "creator": "@alice:a" }));
        assert_eq!(without_version.is_ok(), version.id().as_str() == "1", "{version:?}: {without_version:?}");
        let without_creator = create(version, "@alice:a", &json!({ "room_version": version.id() }));
        assert_eq!(without_creator.is_ok(), version.creator_is_sender(), "{version:?}: {without_creator:?}");
        // Until version 11 the room id names the server that founds the room.
        let elsewhere = create(version, "@bob:b", &good);
        assert_eq!(elsewhere.is_ok(), version.room_id_is_create_hash(), "{version:?}: {elsewhere:?}");
    }
}

#[test]
fn additional_creators_are_user_ids() {
    let valid = [json!([]), json!(["@bob:b"])];
    let invalid = [json!("@bob:b"), json!(["bob"]), json!([1]), json!({}), json!(null)];
    for version in RoomVersion::all() {
        let with = |creators: &Value| {
            let content = json!({ "room_version": version.id(), "creator": "@alice:a", "additional_creators": creators });
            create(version, "@alice:a", &content)
        };
        for creators in &valid {
            assert_eq!(with(creators), Ok(()), "{version:?} {creators}");
        }
        for creators in &invalid {
            assert_eq!(with(creators).is_ok(), !version.creators_are_privileged(), "{version:?} {creators}");
        }
    }
}
