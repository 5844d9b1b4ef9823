//! Keys, and the signing vectors of the specification.

use ruma::{CanonicalJsonObject, ServerName};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{KeyError, SigningKey};
use crate::{
    factory::version,
    hash,
    json::{Strictness, Value, parse_object},
};

#[derive(Deserialize)]
struct Vectors {
    seed: String,
    server: String,
    version: String,
    json: Vec<SignedJson>,
    events: Vec<SignedEvent>,
}

#[derive(Deserialize)]
struct SignedJson {
    input: CanonicalJsonObject,
    signature: String,
}

#[derive(Deserialize)]
struct SignedEvent {
    input: Box<RawValue>,
    hash: String,
    signature: String,
}

#[test]
fn vectors() {
    let vectors: Vectors =
        serde_json::from_str(include_str!("../../../tests/vectors/signing.json")).expect("valid vectors");
    let key = SigningKey::from_text(&format!("ed25519 {} {}", vectors.version, vectors.seed)).expect("a key");
    assert_eq!(key.id(), "ed25519:1");
    let server = ServerName::parse(vectors.server).expect("valid");
    for SignedJson { input, signature } in vectors.json {
        let mut object = input;
        key.sign_json(&server, &mut object).expect("can be signed");
        let signatures =
            object["signatures"].as_object().and_then(|by_server| by_server["domain"].as_object());
        assert_eq!(signatures.and_then(|by_key| by_key["ed25519:1"].as_str()), Some(&*signature));
    }
    for SignedEvent { input, hash, signature } in vectors.events {
        let mut event = parse_object(input.get(), Strictness::Strict).expect("an object");
        assert_eq!(hash::to_base64(&hash::content_hash(&event)), hash);
        let hashes = [("sha256".to_owned(), Value::String(hash))];
        event.insert("hashes".to_owned(), Value::Object(hashes.into()));
        // The vectors keep the top-level `origin` through redaction, as room versions before 11 do.
        assert_eq!(key.sign(hash::signed_text(version("1"), &event).as_bytes()), signature);
    }
}

#[test]
fn text_form_round_trips() {
    let key = SigningKey::generate([42; 32], "a_B9").expect("a valid name");
    let again = SigningKey::from_text(&key.to_text()).expect("a key");
    assert_eq!(again.to_text(), key.to_text());
    assert_eq!(again.public_key(), key.public_key());
    // Other tools pad the seed and end the line.
    assert!(SigningKey::from_text(&format!("{}=\n", key.to_text())).is_ok());
}

#[test]
fn what_is_no_key() {
    for version in ["", "a:b", "a b", "ä", &"a".repeat(65)] {
        assert_eq!(SigningKey::generate([0; 32], version).err(), Some(KeyError::Version), "{version:?}");
    }
    let seed = hash::to_base64(&[1; 32]);
    for text in [
        "",
        "ed25519",
        "ed25519 a",
        "ed25519 a AAAA",
        &format!("rsa a {seed}"),
        &format!("ed25519 a {seed} b"),
    ] {
        assert_eq!(SigningKey::from_text(text).err(), Some(KeyError::Text), "{text:?}");
    }
}

#[test]
fn debugging_shows_no_secret() {
    let key = SigningKey::generate([42; 32], "a").expect("a valid name");
    assert_eq!(format!("{key:?}"), "SigningKey(ed25519:a)");
}
