//! Signatures and hash of a received event: who has to have signed it, and whether they did.
//!
//! Public keys come in as arguments; getting them is not known here.
//! <https://spec.matrix.org/v1.19/server-server-api/#validating-hashes-and-signatures-on-received-events>

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use ed25519_dalek::{Signature, VerifyingKey};
use ruma::{
    OwnedServerName, ServerName, UserId,
    events::{TimelineEventType, room::member::MembershipState},
};

use serde_json::value::RawValue;

use crate::{
    Pdu,
    build::{BuildError, add_signatures},
    hash,
    json::{Object, Strictness, Value, parse_object},
    redact::redact,
};

/// The only algorithm of signatures there is.
const ALGORITHM_PREFIX: &str = "ed25519:";

/// The name under which policy servers sign.
pub const POLICY_SERVER_KEY_ID: &str = "ed25519:policy_server";

/// An event that everybody signed who has to have signed it.
///
/// If its content did not fit its hash, this is the redacted form of what came in.
#[derive(Clone, Debug)]
pub struct VerifiedPdu {
    pdu: Pdu,
    hash_matched: bool,
}

impl VerifiedPdu {
    /// Vouches for an event that this server itself has just built and signed.
    pub fn of_own(pdu: Pdu) -> Self {
        Self { pdu, hash_matched: true }
    }

    /// Vouches for an event that was verified before it was stored.
    pub fn of_stored(pdu: Pdu) -> Self {
        Self { pdu, hash_matched: true }
    }

    /// The event.
    pub fn pdu(&self) -> &Pdu {
        &self.pdu
    }

    /// The same event with signatures added that somebody else made, in the shape of an event's `signatures`.
    pub fn with_signatures(self, signatures: &RawValue) -> Result<Self, BuildError> {
        Ok(Self { pdu: add_signatures(&self.pdu, signatures)?, ..self })
    }

    /// The event, no longer known as verified.
    pub fn into_pdu(self) -> Pdu {
        self.pdu
    }

    /// Whether the content was what the sender hashed; otherwise it was cut off.
    pub fn hash_matched(&self) -> bool {
        self.hash_matched
    }
}

/// A public key of a server, and until when what it signs is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// The key.
    pub key: [u8; 32],
    /// `valid_until_ts` of a key in use (at most seven days from when it was fetched), `expired_ts` of an old one.
    pub valid_until_ts: u64,
}

/// Public keys by server and key id.
pub type PublicKeys = BTreeMap<OwnedServerName, BTreeMap<String, PublicKey>>;

/// A server that has to have signed an event, and the keys it signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredSignature {
    /// The server.
    pub server: OwnedServerName,
    /// The ids of the keys of its signatures on the event, unknown algorithms left out.
    pub key_ids: Vec<String>,
}

/// Why an event is not verified.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// A server that has to have signed did not, or only by algorithms nobody knows.
    #[error("not signed by {0}")]
    MissingSignature(OwnedServerName),
    /// None of the keys that a server signed with is known (or none was valid at the time of the event).
    #[error("no valid key of {0} among those it signed with")]
    MissingKey(OwnedServerName),
    /// A signature is wrong.
    #[error("wrong signature of {0} by key {1}")]
    WrongSignature(OwnedServerName, String),
    /// The event names somebody whose server would have to sign, but that name is none.
    #[error("cannot tell who has to sign: {0}")]
    Signer(String),
}

/// Who has to have signed an event, and with which of their keys they did.
pub fn required_signatures(pdu: &Pdu) -> Result<Vec<RequiredSignature>, VerifyError> {
    let event = object_of(pdu);
    let servers = required_servers(pdu)?;
    let required = servers.into_iter().map(|server| {
        let signatures = signatures_of(&event, &server);
        let key_ids = signatures.map(|(key_id, _)| key_id.clone()).collect();
        RequiredSignature { server, key_ids }
    });
    Ok(required.collect())
}

/// Checks the signatures and the hash of an event.
pub fn verify(pdu: &Pdu, keys: &PublicKeys) -> Result<VerifiedPdu, VerifyError> {
    let event = object_of(pdu);
    let text = hash::signed_text(pdu.room_version(), &event);
    for server in required_servers(pdu)? {
        check_server(pdu, &event, &text, server, keys)?;
    }
    let claimed = event.get("hashes").and_then(Value::as_object).and_then(|hashes| hashes.get("sha256"));
    let claimed = claimed.and_then(Value::as_str).and_then(hash::from_base64);
    let hash_matched = claimed.is_some_and(|claimed| claimed == hash::content_hash(&event));
    let pdu = if hash_matched { pdu.clone() } else { redact(pdu, None) };
    Ok(VerifiedPdu { pdu, hash_matched })
}

/// Whether a policy server signed an event with the key that the room's `m.room.policy` event names.
pub fn has_policy_signature(pdu: &Pdu, server: &ServerName, key: &[u8]) -> bool {
    let Ok(key) = key.try_into() else {
        return false;
    };
    let event = object_of(pdu);
    let text = hash::signed_text(pdu.room_version(), &event);
    signatures_of(&event, server)
        .any(|(key_id, signature)| key_id == POLICY_SERVER_KEY_ID && is_signature(key, signature, &text))
}

/// Checks the signature of one server: every signature whose key is known must be right, and there must be one.
fn check_server(
    pdu: &Pdu,
    event: &Object,
    text: &str,
    server: OwnedServerName,
    keys: &PublicKeys,
) -> Result<(), VerifyError> {
    let mut signatures = signatures_of(event, &server).peekable();
    if signatures.peek().is_none() {
        return Err(VerifyError::MissingSignature(server));
    }
    let mut signed = false;
    for (key_id, signature) in signatures {
        let key = keys.get(&server).and_then(|keys| keys.get(key_id));
        let Some(key) = key.filter(|key| is_valid_for(key, pdu)) else {
            continue;
        };
        if !is_signature(&key.key, signature, text) {
            return Err(VerifyError::WrongSignature(server.clone(), key_id.clone()));
        }
        signed = true;
    }
    if signed { Ok(()) } else { Err(VerifyError::MissingKey(server)) }
}

fn is_valid_for(key: &PublicKey, pdu: &Pdu) -> bool {
    !pdu.room_version().enforces_key_validity() || key.valid_until_ts >= pdu.origin_server_ts()
}

/// Whether `signature`, in base64, is the one that the owner of `key` makes over `text`.
pub fn is_signature(key: &[u8; 32], signature: &str, text: &str) -> bool {
    let signature: Option<[u8; 64]> = hash::from_base64(signature).and_then(|bytes| bytes.try_into().ok());
    let (Some(signature), Ok(key)) = (signature, VerifyingKey::from_bytes(key)) else {
        return false;
    };
    // Strict, as in libsodium: no keys of small order, for which anything may be a signature.
    key.verify_strict(text.as_bytes(), &Signature::from_bytes(&signature)).is_ok()
}

/// The signatures of a server on an event, by key id, unknown algorithms left out.
fn signatures_of<'a>(
    event: &'a Object,
    server: &ServerName,
) -> impl Iterator<Item = (&'a String, &'a str)> + use<'a> {
    let by_server = event.get("signatures").and_then(Value::as_object);
    let by_key = by_server.and_then(|by_server| by_server.get(server.as_str())).and_then(Value::as_object);
    by_key
        .into_iter()
        .flatten()
        .filter(|(key_id, _)| key_id.starts_with(ALGORITHM_PREFIX))
        .filter_map(|(key_id, signature)| Some((key_id, signature.as_str()?)))
}

/// The servers that have to have signed an event.
fn required_servers(pdu: &Pdu) -> Result<BTreeSet<OwnedServerName>, VerifyError> {
    let rules = &pdu.room_version().rules().signatures;
    let membership = membership(pdu);
    let mut servers = BTreeSet::new();
    // Such an invite is sent in the name of whoever invited the third party, by another server; what vouches for it
    // is the identity server's signature, which the authorisation rules check. They do so only for an object.
    let is_third_party_invite = membership == Some(MembershipState::Invite)
        && pdu.content_member("third_party_invite").is_some_and(|invite| invite.starts_with('{'));
    if !is_third_party_invite {
        servers.insert(pdu.sender().server_name().to_owned());
    }
    if rules.check_event_id_server {
        let server = pdu.event_id().server_name();
        let server = server.ok_or_else(|| VerifyError::Signer("the event id names no server".to_owned()))?;
        servers.insert(server.to_owned());
    }
    // Only joins are vouched for by another member, though the rule's text speaks of every membership: every server
    // in the field has it so.
    if rules.check_join_authorised_via_users_server
        && membership == Some(MembershipState::Join)
        && let Some(authoriser) = pdu.content_field::<serde_json::Value>("join_authorised_via_users_server")
    {
        let authoriser = authoriser.as_str().and_then(|id| UserId::parse(id).ok());
        let authoriser = authoriser.ok_or_else(|| {
            VerifyError::Signer("`join_authorised_via_users_server` is not a user id".to_owned())
        })?;
        servers.insert(authoriser.server_name().to_owned());
    }
    Ok(servers)
}

fn membership(pdu: &Pdu) -> Option<MembershipState> {
    if *pdu.kind() == TimelineEventType::RoomMember { pdu.content_field("membership") } else { None }
}

fn object_of(pdu: &Pdu) -> Object {
    parse_object(pdu.json(), Strictness::Lax).expect("the text of an event is a JSON object")
}
