//! Hashing and signing of what claims to be an event, whatever it looks like, as its server would do it.

use kith_event::{
    RoomVersion, SigningKey,
    build::add_signature,
    hash,
    json::{Object, Strictness, Value, parse_object, to_text},
};

/// The text of an event with the hash and the signature that its server makes; nothing if it is no object at all.
pub(crate) fn sealed(version: &RoomVersion, text: &str, server: &str, key: &SigningKey) -> Option<String> {
    let mut event = parse_object(text, Strictness::Lax).ok()?;
    event.remove("signatures");
    let hash = Value::String(hash::to_base64(&hash::content_hash(&event)));
    event.insert("hashes".to_owned(), Value::Object(Object::from([("sha256".to_owned(), hash)])));
    let signature = key.sign(hash::signed_text(version, &event).as_bytes());
    add_signature(&mut event, server, key.id(), Value::String(signature));
    Some(to_text(&event))
}

/// The same for an object that is no event.
pub(crate) fn signed(text: &str, server: &str, key: &SigningKey) -> Option<String> {
    let mut object = parse_object(text, Strictness::Lax).ok()?;
    object.remove("signatures");
    let signature = key.sign(to_text(&object).as_bytes());
    add_signature(&mut object, server, key.id(), Value::String(signature));
    Some(to_text(&object))
}
