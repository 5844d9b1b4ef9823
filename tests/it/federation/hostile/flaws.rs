//! What can be wrong about an event.

use serde_json::{Map, Value, json};

use crate::harness::{Answer, Peer, Server};

/// Bytes that are too many for an event.
const TOO_MANY: usize = 70_000;
/// Stands for a second `depth` until the event is sent: an object of the tests has each key once.
const SECOND_DEPTH: &str = "depth again";

/// What is sent, with the flaws that a value cannot have.
pub(super) fn text_of(body: &Value) -> String {
    body.to_string().replace(SECOND_DEPTH, "depth")
}

/// What is read of that by whoever takes the last of two fields for the only one.
fn read(body: &Value) -> Value {
    match body {
        Value::Object(fields) => {
            let mut fields: Map<String, Value> =
                fields.iter().map(|(key, value)| (key.clone(), read(value))).collect();
            if let Some(second) = fields.remove(SECOND_DEPTH) {
                fields.insert("depth".to_owned(), second);
            }
            Value::Object(fields)
        }
        Value::Array(elements) => elements.iter().map(read).collect(),
        other => other.clone(),
    }
}

/// Sends a signed request with such a body.
pub(super) async fn put(peer: &Peer, server: &Server, path: &str, body: &Value) -> Answer {
    peer.ask_text(server, "PUT", path, &text_of(body), &read(body)).await
}

/// One thing wrong with an event that is right otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// The signature is of the right form and wrong.
    WrongSignature,
    /// Nobody has signed.
    NoSignature,
    /// The signature is by a key that the server does not publish.
    UnknownKey,
    /// The signature is by a key that the server has not used for a day.
    ExpiredKey,
    /// Another server has signed, in its own name.
    SignedByAnother,
    /// It is larger than events may be.
    TooLarge,
    /// It nests deeper than anybody needs.
    TooDeep,
    /// A number that canonical JSON does not have.
    HugeNumber,
    /// A fraction.
    Fraction,
    /// A depth that is no depth.
    HugeDepth,
    /// The same, below zero.
    NegativeDepth,
    /// It says that it belongs to a room that does not exist.
    WrongRoom,
    /// Events that nobody has authorise it.
    UnknownAuthEvents,
    /// Nothing authorises it.
    NoAuthEvents,
    /// More events authorise it than may.
    ManyAuthEvents,
    /// More events come before it than may.
    ManyPrevEvents,
    /// The type is too long.
    LongType,
    /// The type is a number.
    NumberAsType,
    /// The sender is no user.
    NobodyAsSender,
    /// The content is a list.
    ListAsContent,
    /// The same field twice.
    Twofold,
}

impl Flaw {
    pub(super) const ALL: [Self; 21] = [
        Self::WrongSignature,
        Self::NoSignature,
        Self::UnknownKey,
        Self::ExpiredKey,
        Self::SignedByAnother,
        Self::TooLarge,
        Self::TooDeep,
        Self::HugeNumber,
        Self::Fraction,
        Self::HugeDepth,
        Self::NegativeDepth,
        Self::WrongRoom,
        Self::UnknownAuthEvents,
        Self::NoAuthEvents,
        Self::ManyAuthEvents,
        Self::ManyPrevEvents,
        Self::LongType,
        Self::NumberAsType,
        Self::NobodyAsSender,
        Self::ListAsContent,
        Self::Twofold,
    ];

    /// The event of a peer with this flaw, and the id it goes by.
    pub(super) fn spoil(self, peer: &Peer, event: &Value) -> (String, Value) {
        let mut event = event.clone();
        let fields = event.as_object_mut().unwrap();
        for signed in ["hashes", "signatures"] {
            fields.remove(signed);
        }
        let nobody_has = || json!(format!("$nobody-has-this-{self:?}-{}", "x".repeat(20)));
        match self {
            Self::TooLarge => event["content"]["body"] = json!("x".repeat(TOO_MANY)),
            Self::TooDeep => event["content"]["body"] = (0..200).fold(json!(1), |inner, _| json!([inner])),
            Self::HugeNumber => event["content"]["n"] = json!(1_u64 << 60),
            Self::Fraction => event["content"]["n"] = json!(1.5),
            Self::HugeDepth => event["depth"] = json!(u64::MAX),
            Self::NegativeDepth => event["depth"] = json!(-1),
            Self::WrongRoom => event["room_id"] = json!(format!("!{}", "A".repeat(43))),
            Self::UnknownAuthEvents => event["auth_events"] = json!([nobody_has()]),
            Self::NoAuthEvents => event["auth_events"] = json!([]),
            Self::ManyAuthEvents => event["auth_events"] = json!(vec![nobody_has(); 11]),
            Self::ManyPrevEvents => event["prev_events"] = json!(vec![nobody_has(); 21]),
            Self::LongType => event["type"] = json!("x".repeat(256)),
            _ => {}
        }
        let (event_id, mut event) = match self {
            // What the peer cannot hash as an event is signed as any other object.
            Self::NumberAsType | Self::NobodyAsSender | Self::ListAsContent => {
                let (event_id, mut event) = peer.event(event);
                match self {
                    Self::NumberAsType => event["type"] = json!(5),
                    Self::NobodyAsSender => event["sender"] = json!("nobody"),
                    _ => event["content"] = json!(["body"]),
                }
                (event_id, peer.signed(event))
            }
            _ => peer.event(event),
        };
        let by_peer = event["signatures"][&peer.name].clone();
        let (key, signature) = by_peer.as_object().unwrap().iter().next().unwrap();
        match self {
            Self::WrongSignature => {
                let signature = signature.as_str().unwrap();
                let other = if signature.starts_with('A') { "B" } else { "A" };
                event["signatures"][&peer.name][key] = json!(format!("{other}{}", &signature[1..]));
            }
            Self::NoSignature => event["signatures"] = json!({}),
            Self::UnknownKey => event["signatures"] = json!({&peer.name: {"ed25519:unpublished": signature}}),
            Self::ExpiredKey => event = peer.signed_with_retired_key(event),
            Self::SignedByAnother => event["signatures"] = json!({"elsewhere.example": by_peer}),
            Self::Twofold => event[SECOND_DEPTH] = json!(1),
            _ => {}
        }
        (event_id, event)
    }

    /// Whether it can be told without knowing the room.
    pub(super) fn shows_without_the_room(self) -> bool {
        !matches!(self, Self::UnknownAuthEvents | Self::NoAuthEvents)
    }

    /// Whether it is a whole event, which the rules reject: it is shown to nobody, but what follows it counts.
    pub(super) fn is_against_the_rules(self) -> bool {
        self == Self::NoAuthEvents
    }

    /// Checks that a request with such an event was refused for what it is.
    #[track_caller]
    pub(super) fn is_refused(self, answer: &Answer) {
        answer.is_sound();
        let expected: &[(u16, &str)] = match self {
            Self::WrongSignature
            | Self::NoSignature
            | Self::UnknownKey
            | Self::ExpiredKey
            | Self::SignedByAnother => &[(403, "M_FORBIDDEN")],
            Self::TooLarge => &[(413, "M_TOO_LARGE")],
            Self::NoAuthEvents => &[(403, "M_FORBIDDEN")],
            _ => &[(400, "M_INVALID_PARAM"), (400, "M_BAD_JSON")],
        };
        let found = (answer.status, answer.body["errcode"].as_str().unwrap_or_default());
        assert!(expected.contains(&found), "{self:?}: {} answered {found:?} {}", answer.request, answer.body);
    }
}
