//! The two hashes of an event, and the bytes its signatures cover.
//!
//! <https://spec.matrix.org/v1.19/server-server-api/#signing-events>

use base64::{
    Engine as _, alphabet,
    engine::{
        DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig,
        general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
    },
};
use ruma::{EventId, OwnedEventId};
use sha2::{Digest, Sha256};

use crate::{
    RoomVersion,
    json::{Object, write_object_without},
    redact::redacted_object,
};

/// Reads base64 as other servers write it: with or without padding, and with stray bits at the end.
const LENIENT_STANDARD: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The hash over everything the sender put into the event; `hashes.sha256`.
pub fn content_hash(event: &Object) -> [u8; 32] {
    let mut text = String::new();
    write_object_without(event, &["unsigned", "signatures", "hashes"], &mut text);
    Sha256::digest(text.as_bytes()).into()
}

/// The hash over what is left of the event after redaction; what other events refer to.
pub fn reference_hash(room_version: &RoomVersion, event: &Object) -> [u8; 32] {
    Sha256::digest(signed_text(room_version, event).as_bytes()).into()
}

/// The text that the signatures of an event cover: the event after redaction, without its signatures.
pub fn signed_text(room_version: &RoomVersion, event: &Object) -> String {
    let mut text = String::new();
    write_object_without(&redacted_object(room_version, event), &["unsigned", "signatures"], &mut text);
    text
}

/// The id of an event in the room versions where the id is the hash.
pub(crate) fn event_id_of_hash(room_version: &RoomVersion, hash: [u8; 32]) -> OwnedEventId {
    let engine = if room_version.url_safe_event_ids() { URL_SAFE_NO_PAD } else { STANDARD_NO_PAD };
    EventId::parse(format!("${}", engine.encode(hash)))
        .expect("a base64 hash behind the sigil is an event id")
}

/// Unpadded base64, as hashes, keys and signatures are written.
pub fn to_base64(bytes: &[u8]) -> String {
    STANDARD_NO_PAD.encode(bytes)
}

/// Reads base64 with or without padding.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    LENIENT_STANDARD.decode(text).ok()
}
