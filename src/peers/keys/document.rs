//! The document in which a server publishes its keys: read, and proved to be that server's.
//! <https://spec.matrix.org/v1.19/server-server-api/#publishing-keys>

use std::collections::BTreeMap;

use kith_event::{
    hash,
    json::{JsonError, Object, Strictness, Value, parse_object, to_text, write_object_without},
    verify::is_signature,
};
use kith_store::tables::peers::{KeyDocumentRecord, PeerKeyRecord};
use ruma::{OwnedServerName, ServerName};

/// The keys of a server by their ids.
pub(super) type Keys = BTreeMap<String, PeerKeyRecord>;

/// How large a document may be.
pub(super) const DOCUMENT_BYTES_MAX: usize = 64 * 1024;
/// How many keys a server may have.
const KEYS_MAX: usize = 200;
/// How long the id of a key may be.
const KEY_ID_BYTES_MAX: usize = 255;
const ALGORITHM_PREFIX: &str = "ed25519:";
/// How far into the future a key is believed to be valid, in milliseconds: seven days.
const VALIDITY_MAX_MS: u64 = 7 * 24 * 3_600_000;

/// A document that its server has signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyDocument {
    pub(super) server: OwnedServerName,
    pub(super) keys: Keys,
    pub(super) record: KeyDocumentRecord,
    /// The document itself, for further signatures to be checked.
    pub(super) object: Object,
}

/// Why a document is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum DocumentError {
    #[error(transparent)]
    Json(#[from] JsonError),
    #[error("the key document is too large")]
    TooLarge,
    #[error("the key document has no usable {0}")]
    Field(&'static str),
    #[error("the key document is not signed by one of the keys in it")]
    Unsigned,
    #[error("the key document has a wrong signature")]
    WrongSignature,
}

/// Reads a document and checks that its server signed it.
pub(super) fn read(text: &str, now_ms: u64) -> Result<KeyDocument, DocumentError> {
    if text.len() > DOCUMENT_BYTES_MAX {
        return Err(DocumentError::TooLarge);
    }
    let object = parse_object(text, Strictness::Lax)?;
    let server = object.get("server_name").and_then(Value::as_str);
    let server = server.and_then(|name| ServerName::parse(name).ok());
    let server = server.ok_or(DocumentError::Field("server_name"))?;
    let valid_until_ms = time(&object, "valid_until_ts").ok_or(DocumentError::Field("valid_until_ts"))?;
    let mut keys = Keys::new();
    for (key_id, key) in entries(&object, "old_verify_keys") {
        if let (Some(bytes), Some(expired_ms)) = (key_bytes(key), time(key, "expired_ts")) {
            let record = PeerKeyRecord { key: bytes, valid_until_ms: expired_ms, retired: true };
            keys.insert(key_id.to_owned(), record);
        }
    }
    let believed_until_ms = valid_until_ms.min(now_ms.saturating_add(VALIDITY_MAX_MS));
    for (key_id, key) in entries(&object, "verify_keys") {
        if let Some(bytes) = key_bytes(key) {
            let record = PeerKeyRecord { key: bytes, valid_until_ms: believed_until_ms, retired: false };
            keys.insert(key_id.to_owned(), record);
        }
    }
    check_signatures(&object, &server, &keys)?;
    let record = KeyDocumentRecord { json: to_text(&object), fetched_ms: now_ms, valid_until_ms };
    Ok(KeyDocument { server, keys, record, object })
}

/// Every signature by a key in use must be right, and there must be one.
fn check_signatures(object: &Object, server: &ServerName, keys: &Keys) -> Result<(), DocumentError> {
    let text = signed_text(object);
    let mut signed = false;
    for (key_id, signature) in signatures(object, server) {
        let Some(key) = keys.get(key_id).filter(|key| !key.retired) else { continue };
        if !is_signature(&key.key, signature, &text) {
            return Err(DocumentError::WrongSignature);
        }
        signed = true;
    }
    if signed { Ok(()) } else { Err(DocumentError::Unsigned) }
}

/// The signatures of a server on an object, by key id, unknown algorithms left out.
pub(super) fn signatures<'a>(
    object: &'a Object,
    server: &ServerName,
) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
    let by_server = object.get("signatures").and_then(Value::as_object);
    let by_key = by_server.and_then(|by_server| by_server.get(server.as_str())).and_then(Value::as_object);
    by_key
        .into_iter()
        .flatten()
        .filter(|(key_id, _)| key_id.starts_with(ALGORITHM_PREFIX))
        .filter_map(|(key_id, signature)| Some((key_id.as_str(), signature.as_str()?)))
}

/// The text that the signatures of an object cover.
pub(super) fn signed_text(object: &Object) -> String {
    let mut text = String::new();
    write_object_without(object, &["signatures", "unsigned"], &mut text);
    text
}

fn entries<'a>(object: &'a Object, name: &str) -> impl Iterator<Item = (&'a str, &'a Object)> {
    let keys = object.get(name).and_then(Value::as_object);
    keys.into_iter()
        .flatten()
        .filter(|(key_id, _)| key_id.starts_with(ALGORITHM_PREFIX) && key_id.len() <= KEY_ID_BYTES_MAX)
        .filter_map(|(key_id, key)| Some((key_id.as_str(), key.as_object()?)))
        .take(KEYS_MAX)
}

fn key_bytes(key: &Object) -> Option<[u8; 32]> {
    hash::from_base64(key.get("key").and_then(Value::as_str)?)?.try_into().ok()
}

fn time(object: &Object, name: &str) -> Option<u64> {
    match object.get(name) {
        Some(Value::Integer(time)) => u64::try_from(*time).ok(),
        _ => None,
    }
}
