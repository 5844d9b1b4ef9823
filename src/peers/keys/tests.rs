//! The key ring over a network that is a table.

use std::collections::BTreeMap;

use kith_config::{Config, Federation};
use kith_event::{
    SigningKey,
    build::add_signature,
    hash,
    json::{Object, Strictness, Value, parse_object, to_text},
};
use ruma::{OwnedServerName, ServerName};
use serde_json::json;

use super::document::{self, DocumentError, signed_text};
use crate::{
    NotaryCriteria, RequestError, XMatrix,
    tests::{NOW_MS, World, key_of, world},
    x_matrix::Signed,
};

const DAY_MS: u64 = 24 * 3_600_000;

fn name(text: &str) -> OwnedServerName {
    ServerName::parse(text).expect("a server name")
}

fn sign(object: &mut Object, server: &str, key: &SigningKey) {
    let signature = Value::String(key.sign(signed_text(object).as_bytes()));
    add_signature(object, server, key.id(), signature);
}

/// A document of a server that holds this key and is valid until then, signed by it.
fn document_of(server: &str, key: &SigningKey, valid_until_ms: u64) -> Object {
    let text = json!({
        "server_name": server,
        "verify_keys": {key.id(): {"key": key.public_key_base64()}},
        "old_verify_keys": {"ed25519:old": {"key": hash::to_base64(&[9; 32]), "expired_ts": 1_000}},
        "valid_until_ts": valid_until_ms,
    });
    let mut object = parse_object(&text.to_string(), Strictness::Strict).expect("an object");
    sign(&mut object, server, key);
    object
}

fn publish(world: &World, server: &str, valid_until_ms: u64) {
    let document = document_of(server, &key_of(server), valid_until_ms);
    world.network.answer(&key_url(server), 200, to_text(&document));
}

fn key_url(server: &str) -> String {
    format!("https://{server}/_matrix/key/v2/server")
}

fn with_notary(notary: &str) -> Config {
    let trusted_key_servers = vec![notary.to_owned()];
    Config { federation: Federation { trusted_key_servers, ..Federation::default() }, ..Config::default() }
}

async fn valid_until(world: &World, server: &str, key_id: &str, at_ms: u64) -> Option<u64> {
    let keys = world.peers.public_keys(&[(name(server), vec![key_id.to_owned()], at_ms)]).await;
    keys.get(&name(server)).and_then(|keys| keys.get(key_id)).map(|key| key.valid_until_ts)
}

#[test]
fn a_document_must_be_signed_by_a_key_in_it() {
    let key = key_of("a.example");
    let good = document_of("a.example", &key, NOW_MS + 30 * DAY_MS);
    let read = document::read(&to_text(&good), NOW_MS).expect("reads");
    assert_eq!(read.server, "a.example");
    assert_eq!(read.keys["ed25519:1"].valid_until_ms, NOW_MS + 7 * DAY_MS);
    assert_eq!(read.keys["ed25519:old"].valid_until_ms, 1_000);
    assert_eq!(read.record.valid_until_ms, NOW_MS + 30 * DAY_MS);

    let check = |change: &dyn Fn(&mut Object), expected| {
        let mut changed = good.clone();
        change(&mut changed);
        assert_eq!(document::read(&to_text(&changed), NOW_MS).err(), Some(expected));
    };
    check(&|object| drop(object.remove("signatures")), DocumentError::Unsigned);
    check(
        &|object| drop(object.insert("valid_until_ts".to_owned(), Value::Integer(1))),
        DocumentError::WrongSignature,
    );
    check(&|object| drop(object.remove("valid_until_ts")), DocumentError::Field("valid_until_ts"));
    check(&|object| drop(object.remove("server_name")), DocumentError::Field("server_name"));
    let filler = Value::String("x".repeat(document::DOCUMENT_BYTES_MAX));
    check(&|object| drop(object.insert("x".to_owned(), filler.clone())), DocumentError::TooLarge);
}

#[tokio::test]
async fn keys_are_fetched_once_and_again_when_they_have_expired() {
    let world = world("own.example", Config::default());
    publish(&world, "a.example:1", NOW_MS + DAY_MS);
    assert_eq!(valid_until(&world, "a.example:1", "ed25519:1", NOW_MS).await, Some(NOW_MS + DAY_MS));
    assert_eq!(valid_until(&world, "a.example:1", "ed25519:1", 0).await, Some(NOW_MS + DAY_MS));
    let requests = world.network.requests();
    assert_eq!(requests.iter().map(|request| request.url.as_str()).collect::<Vec<_>>(), [
        "https://a.example:1/_matrix/key/v2/server"
    ]);
    assert!(requests[0].headers.iter().all(|(name, _)| name != "authorization"));

    publish(&world, "a.example:1", NOW_MS + 2 * DAY_MS);
    let later_ms = NOW_MS + DAY_MS + 1;
    assert_eq!(valid_until(&world, "a.example:1", "ed25519:1", later_ms).await, Some(NOW_MS + 2 * DAY_MS));
}

#[tokio::test]
async fn a_server_cannot_publish_keys_of_another() {
    let world = world("own.example", Config::default());
    let foreign = document_of("b.example:1", &key_of("b.example:1"), NOW_MS + DAY_MS);
    world.network.answer(&key_url("a.example:1"), 200, to_text(&foreign));
    assert_eq!(valid_until(&world, "a.example:1", "ed25519:1", 0).await, None);
    assert_eq!(valid_until(&world, "b.example:1", "ed25519:1", 0).await, None);
}

#[tokio::test]
async fn a_notary_helps_out_and_is_not_believed_without_signatures() {
    let (notary, gone) = ("notary.example:1", "gone.example:1");
    let query_url = format!("https://{notary}/_matrix/key/v2/query");
    let answer = |document: Object| json!({"server_keys": [serde_json::from_str::<serde_json::Value>(&to_text(&document)).expect("JSON")]}).to_string();

    let world = world("own.example", with_notary(notary));
    publish(&world, notary, NOW_MS + DAY_MS);
    let unsigned = document_of(gone, &key_of(gone), NOW_MS + DAY_MS);
    world.network.answer(&query_url, 200, answer(unsigned.clone()));
    assert_eq!(valid_until(&world, gone, "ed25519:1", NOW_MS).await, None);

    let mut notarised = unsigned;
    sign(&mut notarised, notary, &key_of(notary));
    world.network.answer(&query_url, 200, answer(notarised));
    assert_eq!(valid_until(&world, gone, "ed25519:1", NOW_MS).await, None, "asked again too soon");
    world.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(valid_until(&world, gone, "ed25519:1", NOW_MS).await, Some(NOW_MS + DAY_MS));

    // An older document, honestly signed, replaces nothing.
    let mut replayed = document_of(gone, &SigningKey::generate([5; 32], "1").expect("a key"), NOW_MS + 1);
    sign(&mut replayed, notary, &key_of(notary));
    world.network.answer(&query_url, 200, answer(replayed));
    assert_eq!(valid_until(&world, gone, "ed25519:2", NOW_MS).await, None);
    let keys = world.peers.public_keys(&[(name(gone), vec!["ed25519:1".to_owned()], 0)]).await;
    assert_eq!(keys[&name(gone)]["ed25519:1"].key, key_of(gone).public_key());
}

#[tokio::test]
async fn our_own_document_is_one_that_others_accept() {
    let world = world("own.example", Config::default());
    let read = document::read(world.peers.own_keys().get(), NOW_MS).expect("reads");
    assert_eq!(read.server, "own.example");
    assert_eq!(read.keys["ed25519:1"].key, key_of("own.example").public_key());
    assert_eq!(read.record.valid_until_ms, NOW_MS + DAY_MS);
}

#[tokio::test]
async fn what_we_notarise_has_both_signatures() {
    let world = world("own.example", Config::default());
    publish(&world, "a.example:1", NOW_MS + DAY_MS);
    let ask = |servers: &[&str]| {
        let wanted = servers.iter().map(|server| (name(server), NotaryCriteria::default())).collect();
        world.peers.notarise(wanted)
    };
    let documents = ask(&["a.example:1", "away.example:1", "own.example"]).await;
    assert_eq!(documents.len(), 2);
    let read = document::read(documents[0].get(), NOW_MS).expect("reads");
    let own = BTreeMap::from([(
        "ed25519:1".to_owned(),
        kith_event::verify::PublicKey { key: key_of("own.example").public_key(), valid_until_ts: u64::MAX },
    )]);
    let own_name = name("own.example");
    assert_eq!(super::check_object(&read.object, &own_name, Some(&own), 0), Ok(()));

    world.network.requests();
    world.network.cut(&key_url("a.example:1"));
    world.clock.advance(std::time::Duration::from_millis(2 * DAY_MS));
    assert_eq!(ask(&["a.example:1"]).await.len(), 1, "of a server that is away, what was known is told");
    assert_eq!(world.network.requests().len(), 1);
}

#[tokio::test]
async fn requests_are_from_whom_they_say() {
    let config = Federation { denied_servers: vec!["bad.example".to_owned()], ..Federation::default() };
    let world = world("own.example", Config { federation: config, ..Config::default() });
    publish(&world, "a.example:1", NOW_MS + DAY_MS);
    let header = |origin: &str, destination: &str, key: &SigningKey| {
        let (origin, destination) = (name(origin), name(destination));
        let signed =
            Signed { origin: &origin, destination: &destination, method: "GET", uri: "/x?y=1", body: b"" };
        let value = signed.sign(key).expect("signs").parse().expect("a header value");
        XMatrix::from_headers(&http::HeaderMap::from_iter([(http::header::AUTHORIZATION, value)]))
            .expect("reads")
    };
    let verify = async |header: XMatrix, uri: &str| {
        world.peers.verify_request(&header, &http::Method::GET, uri, b"").await
    };
    let a = key_of("a.example:1");
    assert_eq!(verify(header("a.example:1", "own.example", &a), "/x?y=1").await, Ok(name("a.example:1")));
    let old = XMatrix { destination: None, ..header("a.example:1", "own.example", &a) };
    assert_eq!(verify(old, "/x?y=1").await, Ok(name("a.example:1")));
    let wrong = Err(RequestError::Signature(name("a.example:1")));
    assert_eq!(verify(header("a.example:1", "own.example", &a), "/x").await, wrong);
    let forged = SigningKey::generate([5; 32], "1").expect("a key");
    assert_eq!(verify(header("a.example:1", "own.example", &forged), "/x?y=1").await, wrong);
    let unknown = SigningKey::generate([5; 32], "2").expect("a key");
    let no_key = Err(RequestError::Key(name("a.example:1"), "ed25519:2".to_owned()));
    assert_eq!(verify(header("a.example:1", "own.example", &unknown), "/x?y=1").await, no_key);
    let elsewhere = Err(RequestError::Destination(name("b.example")));
    assert_eq!(verify(header("a.example:1", "b.example", &a), "/x?y=1").await, elsewhere);
    for origin in ["bad.example", "own.example"] {
        let denied = verify(header(origin, "own.example", &key_of(origin)), "/x?y=1").await;
        assert!(matches!(denied, Err(RequestError::Denied(_))), "{origin}: {denied:?}");
    }
}
