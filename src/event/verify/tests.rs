//! Who has to sign, with which key, and what becomes of altered events.

use ruma::ServerName;
use serde_json::{Value, json};

use super::{PublicKeys, VerifyError, has_policy_signature, required_signatures, verify};
use crate::{
    Pdu, RoomVersion, SigningKey,
    build::{add_signatures, sign},
    factory::{World, member, message, number, state, version},
    json::JsonError,
    parse_pdu,
};

/// The event with something changed after it was signed.
fn altered(pdu: &Pdu, change: impl FnOnce(&mut Value)) -> Pdu {
    let mut json: Value = serde_json::from_str(pdu.json()).expect("JSON");
    change(&mut json);
    parse_pdu(pdu.room_version(), &json.to_string()).expect("still an event")
}

fn servers(pdu: &Pdu) -> String {
    let required = required_signatures(pdu).expect("can tell");
    required.iter().map(|required| required.server.as_str()).collect::<Vec<_>>().join(" ")
}

fn server(name: &str) -> ruma::OwnedServerName {
    ServerName::parse(name).expect("valid")
}

#[test]
fn signed_events_verify() {
    for version in RoomVersion::all() {
        let world = World::new(version);
        let fork = world.room(json!({}));
        let pdu = world.make(&fork, message("@bob:b", "m.room.message", json!({ "body": "hi" })));
        let verified = verify(&pdu, &world.public_keys(&["b"])).expect("signed");
        assert!(verified.hash_matched());
        assert_eq!(verified.pdu().json(), pdu.json());
        let received = parse_pdu(version, pdu.json()).expect("an event");
        assert_eq!(received.event_id(), pdu.event_id(), "{version:?}");
        assert_eq!(received.json(), pdu.json());
    }
}

#[test]
fn altered_content_is_cut_off() {
    for version in RoomVersion::all() {
        let world = World::new(version);
        let fork = world.room(json!({}));
        let pdu = world.make(&fork, message("@bob:b", "m.room.message", json!({ "body": "hi" })));
        for change in [
            (|json| json["content"]["body"] = json!("bye")) as fn(&mut Value),
            |json| json["content"] = json!({}),
            |json| json["extra"] = json!(1),
        ] {
            let altered = altered(&pdu, change);
            assert_eq!(altered.event_id(), pdu.event_id(), "the id covers only what redaction leaves");
            let verified = verify(&altered, &world.public_keys(&["b"])).expect("what is left is signed");
            assert!(!verified.hash_matched());
            assert_eq!(verified.pdu().content_text(), "{}");
        }
    }
}

#[test]
fn altered_essentials_do_not_verify() {
    for version in RoomVersion::all() {
        let world = World::new(version);
        let fork = world.room(json!({}));
        let pdu = world.make(&fork, member("@bob:b", "@bob:b", "join"));
        for change in [
            (|json| json["content"]["membership"] = json!("leave")) as fn(&mut Value),
            |json| json["state_key"] = json!("@mod:a"),
            |json| json["depth"] = json!(1),
            |json| json["origin_server_ts"] = json!(1),
            |json| json["prev_events"] = json!([]),
            |json| json["type"] = json!("m.room.name"),
            |json| json["hashes"] = json!({ "sha256": "AAAA" }),
        ] {
            let error = verify(&altered(&pdu, change), &world.public_keys(&["b"])).expect_err("altered");
            assert_eq!(
                error,
                VerifyError::WrongSignature(server("b"), "ed25519:test".to_owned()),
                "{version:?}"
            );
        }
    }
}

#[test]
fn signatures_must_be_there_known_and_right() {
    let world = World::new(version("11"));
    let fork = world.room(json!({}));
    let pdu = world.make(&fork, message("@bob:b", "m.room.message", json!({})));
    let keys = world.public_keys(&["b"]);
    let with = |signatures: Value| altered(&pdu, |json| json["signatures"] = signatures);
    let missing = Some(VerifyError::MissingSignature(server("b")));
    assert_eq!(verify(&with(json!({})), &keys).err(), missing);
    assert_eq!(verify(&with(json!({ "b": {} })), &keys).err(), missing);
    assert_eq!(verify(&with(json!({ "b": { "rot13:test": "AAAA" } })), &keys).err(), missing);
    let no_key = Some(VerifyError::MissingKey(server("b")));
    assert_eq!(verify(&pdu, &PublicKeys::new()).err(), no_key);
    assert_eq!(verify(&with(json!({ "b": { "ed25519:other": "AAAA" } })), &keys).err(), no_key);
    let wrong = Some(VerifyError::WrongSignature(server("b"), "ed25519:test".to_owned()));
    assert_eq!(verify(&with(json!({ "b": { "ed25519:test": "AAAA" } })), &keys).err(), wrong);
    assert_eq!(verify(&with(json!({ "b": { "ed25519:test": "no base64 at all!" } })), &keys).err(), wrong);

    // Signatures by keys that nobody knows are passed over, as long as one that counts is right.
    let unknown =
        serde_json::value::to_raw_value(&json!({ "b": { "ed25519:other": "AAAA" } })).expect("JSON");
    let both = add_signatures(&pdu, &unknown).expect("an event");
    assert_eq!(both.event_id(), pdu.event_id());
    assert!(verify(&both, &keys).is_ok());
    // But of those known, none may be wrong.
    let mut more_keys = keys.clone();
    let key = keys[&server("b")]["ed25519:test"];
    more_keys.entry(server("b")).or_default().insert("ed25519:other".to_owned(), key);
    let wrong = VerifyError::WrongSignature(server("b"), "ed25519:other".to_owned());
    assert_eq!(verify(&both, &more_keys).err(), Some(wrong));
}

#[test]
fn keys_count_while_valid_since_version_5() {
    for version in RoomVersion::all() {
        let world = World::new(version);
        let fork = world.room(json!({}));
        let pdu = world.make(&fork, message("@bob:b", "m.room.message", json!({})));
        let valid_until = |ts: u64| {
            let mut keys = world.public_keys(&["b"]);
            keys.values_mut().flat_map(|keys| keys.values_mut()).for_each(|key| key.valid_until_ts = ts);
            verify(&pdu, &keys).is_ok()
        };
        assert!(valid_until(pdu.origin_server_ts()), "{version:?}");
        assert_eq!(valid_until(pdu.origin_server_ts() - 1), !version.enforces_key_validity(), "{version:?}");
    }
}

#[test]
fn who_has_to_sign() {
    for version in RoomVersion::all() {
        let world = World::new(version);
        let fork = world.room(json!({}));
        let number = number(version);
        let with = |kind: &str, content: Value| world.make(&fork, state("@bob:b", kind, "@carol:c", content));
        assert_eq!(servers(&with("m.room.member", json!({ "membership": "invite" }))), "b");
        let invite = |third_party: Value| {
            servers(&with(
                "m.room.member",
                json!({ "membership": "invite", "third_party_invite": third_party }),
            ))
        };
        // In versions 1 and 2 the server in the event id signs as well; here that is the sender's.
        assert_eq!(invite(json!({ "signed": {} })), if number <= 2 { "b" } else { "" }, "{version:?}");
        assert_eq!(invite(Value::Null), "b", "what the rules do not take for a third-party invite");
        let authorised = |membership: &str, by: Value| {
            let content = json!({ "membership": membership, "join_authorised_via_users_server": by });
            required_signatures(&with("m.room.member", content)).map(|required| required.len())
        };
        let expected = if number >= 8 { 2 } else { 1 };
        assert_eq!(authorised("join", json!("@mod:a")), Ok(expected), "{version:?}");
        assert_eq!(authorised("leave", json!("@mod:a")), Ok(1), "{version:?}");
        assert_eq!(authorised("join", json!(1)).is_ok(), number < 8, "{version:?}");
        let message = with("m.room.message", json!({ "join_authorised_via_users_server": "@mod:a" }));
        assert_eq!(servers(&message), "b", "{version:?}: only joins are authorised");
    }
}

#[test]
fn event_ids_name_a_signer_until_version_2() {
    for version in RoomVersion::all().iter().filter(|version| version.event_id_in_event()) {
        let world = World::new(version);
        let fork = world.room(json!({}));
        let pdu = world.make(&fork, message("@bob:b", "m.room.message", json!({})));
        let foreign = altered(&pdu, |json| json["event_id"] = json!("$x:c"));
        assert_eq!(servers(&foreign), "b c");
    }
}

#[test]
fn a_second_signature_keeps_the_first() {
    let world = World::new(version("10"));
    let fork = world.room(json!({}));
    let pdu = world.make(&fork, member("@mod:a", "@carol:b", "invite"));
    let key = SigningKey::generate([3; 32], "b").expect("a valid name");
    let both = sign(&pdu, &server("b"), &key).expect("an event");
    assert_eq!(both.event_id(), pdu.event_id());
    assert!(verify(&both, &world.public_keys(&["a"])).is_ok());
    let signatures: Value = serde_json::from_str(both.json()).expect("JSON");
    assert!(signatures["signatures"]["b"]["ed25519:b"].is_string());
}

#[test]
fn signatures_do_not_replace_those_present() {
    let world = World::new(version("12"));
    let fork = world.room(json!({}));
    let pdu = world.make(&fork, message("@bob:b", "m.room.message", json!({})));
    let raw = |value: Value| serde_json::value::to_raw_value(&value).expect("JSON");
    let again = raw(json!({ "b": { "ed25519:test": "AAAA", "ed25519:policy_server": "BBBB" } }));
    let both = add_signatures(&pdu, &again).expect("an event");
    assert!(verify(&both, &world.public_keys(&["b"])).is_ok(), "the sender's signature was replaced");
    assert!(both.json().contains("ed25519:policy_server"));
    let malformed = add_signatures(&pdu, &raw(json!({ "b": 1 })));
    assert!(malformed.is_err());
    assert!(add_signatures(&pdu, &raw(json!([]))).is_err(), "{}", JsonError::NotAnObject);
}

#[test]
fn policy_signatures() {
    let world = World::new(version("12"));
    let fork = world.room(json!({}));
    let pdu = world.make(&fork, message("@bob:b", "m.room.message", json!({ "body": "hi" })));
    let policy = SigningKey::generate([5; 32], "policy_server").expect("a valid name");
    let signed = sign(&pdu, &server("policy.example"), &policy).expect("an event");
    let has = |pdu: &Pdu, name: &str, key: &[u8]| has_policy_signature(pdu, &server(name), key);
    assert!(has(&signed, "policy.example", &policy.public_key()));
    assert!(!has(&pdu, "policy.example", &policy.public_key()), "not signed");
    assert!(!has(&signed, "b", &policy.public_key()), "another server");
    assert!(!has(&signed, "policy.example", &world.key.public_key()), "another key");
    assert!(!has(&signed, "policy.example", &[1, 2, 3]), "no key");
}
