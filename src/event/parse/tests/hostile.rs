//! Input made to break the parser, and everything behind it.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::received;
use crate::{
    RoomVersion, auth,
    client_format::{RoomIdIn, Unsigned, client_event, stripped_state},
    parse::{parse_pdu, peek},
    redact::redact,
    verify::{PublicKeys, required_signatures, verify},
};

/// Does with a text whatever a server does with what it receives.
fn swallow(version: &'static RoomVersion, text: &str) {
    let _ = peek(text);
    let Ok(pdu) = parse_pdu(version, text) else {
        return;
    };
    let _ = required_signatures(&pdu);
    let _ = verify(&pdu, &PublicKeys::new());
    let _ = auth::state_needed(&pdu);
    let _ = auth::check_auth_events(&pdu, |_| Some(pdu.clone()));
    let _ = auth::check(&pdu, |_, _| Some(pdu.clone()));
    let redacted = redact(&pdu, Some(&pdu));
    assert_eq!(redacted.event_id(), pdu.event_id());
    let shown = client_event(&pdu, &Unsigned::default(), RoomIdIn::Event);
    serde_json::from_str::<Value>(&shown).expect("clients get JSON");
    serde_json::from_str::<Value>(&stripped_state(&pdu)).expect("clients get JSON");
    // What was accepted once is accepted again, and is the same event.
    let again = parse_pdu(version, pdu.json()).expect("accepted before");
    assert_eq!((again.event_id(), again.json()), (pdu.event_id(), pdu.json()));
}

fn any_version() -> impl Strategy<Value = &'static RoomVersion> {
    prop::sample::select(RoomVersion::all().iter().collect::<Vec<_>>())
}

/// Values that one would not expect in a field.
fn odd_values() -> impl Strategy<Value = Value> {
    let odd = vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(""),
        json!("\u{0}"),
        json!("$"),
        json!("@:"),
        json!("!:"),
        json!("@a:b"),
        json!("$a:b"),
        json!([]),
        json!({}),
        json!([[]]),
        json!([{}]),
        json!([["$a:b"]]),
        json!([["$a:b", {}]]),
        json!(["$a"]),
        json!({ "": {} }),
        json!({ "b": { "ed25519:x": "=" } }),
        json!({ "membership": {} }),
        json!({ "membership": "join" }),
        json!({ "membership": "invite", "third_party_invite": {} }),
        json!({ "users": { "@a:b": "1e9" } }),
        json!({ "membership": "join", "join_authorised_via_users_server": "@a:b" }),
        json!({ "room_version": [] }),
        json!({ "creator": 1, "additional_creators": [1] }),
        json!("m.room.member"),
        json!("m.room.create"),
        json!("m.room.power_levels"),
        json!("m.room.join_rules"),
        json!("m.room.redaction"),
        json!("m.room.aliases"),
    ];
    prop::sample::select(odd)
}

const FIELDS: [&str; 14] = [
    "type",
    "sender",
    "room_id",
    "event_id",
    "state_key",
    "content",
    "hashes",
    "signatures",
    "prev_events",
    "auth_events",
    "depth",
    "origin_server_ts",
    "redacts",
    "unsigned",
];

proptest! {
    // What failed once is written into a test by hand; nothing is left lying in the source tree.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn odd_fields(
        version in any_version(),
        changes in prop::collection::vec((prop::sample::select(&FIELDS[..]), odd_values()), 1..5),
    ) {
        let mut event = received(version);
        for (field, value) in changes {
            event[field] = value;
        }
        swallow(version, &event.to_string());
    }

    #[test]
    fn damaged_texts(
        version in any_version(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<char>()), 1..6),
    ) {
        let mut chars: Vec<char> = received(version).to_string().chars().collect();
        for (index, char) in damage {
            let index = index.index(chars.len());
            chars[index] = char;
        }
        swallow(version, &chars.into_iter().collect::<String>());
    }

    #[test]
    fn cut_texts(version in any_version(), at in any::<prop::sample::Index>()) {
        let text = received(version).to_string();
        let mut end = at.index(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        prop_assert!(parse_pdu(version, &text[..end]).is_err());
    }
}

#[test]
fn deep_texts() {
    for version in RoomVersion::all() {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            for levels in [50, 99, 100, 127, 128, 1000, 50_000] {
                let deep = format!("{}1{}", open.repeat(levels), close.repeat(levels));
                let text = received(version).to_string();
                swallow(version, &text.replacen(r#""content":{"#, &format!(r#""content":{{"x":{deep},"#), 1));
                swallow(
                    version,
                    &text.replacen(r#""content":{"#, &format!(r#""unsigned":{deep},"content":{{"#), 1),
                );
            }
        }
    }
}
