//! Redaction: what remains of an event, by room version, and who may ask for it.
//!
//! <https://spec.matrix.org/v1.19/client-server-api/#redactions>

#[cfg(test)]
mod tests;

use ruma::room_version_rules::RedactionRules;

use crate::{
    Pdu, RoomVersion,
    json::{Object, Strictness, Value, parse_object, to_text},
    power::Powers,
};

/// The event without what redaction removes. Its id, its signatures and its place in the room stay as they were;
/// the unsigned part goes, except for `redacted_because` if the redacting event is given.
pub fn redact(pdu: &Pdu, because: Option<&Pdu>) -> Pdu {
    let event = parse_object(pdu.json(), Strictness::Lax).expect("the text of an event is a JSON object");
    let mut redacted = redacted_object(pdu.room_version(), &event);
    if let Some(because) = because
        && let Ok(because) = parse_object(because.json(), Strictness::Lax)
    {
        let unsigned = Object::from([("redacted_because".to_owned(), Value::Object(because))]);
        redacted.insert("unsigned".to_owned(), Value::Object(unsigned));
    }
    Pdu::from_stored(pdu.room_version(), pdu.event_id().clone(), pdu.rejected(), to_text(&redacted))
        .expect("redaction keeps every field that an event must have")
}

/// Whether a redaction event that the room accepted is to be applied to its target.
///
/// In room versions 1 and 2 the authorisation rules decide that already. Since version 3 any member may send the
/// event, and it takes effect if the sender has the power to redact, or if both events come from the same server.
pub fn may_redact(redaction: &Pdu, target: &Pdu, powers: &Powers) -> bool {
    if redaction.room_id() != target.room_id() {
        return false;
    }
    redaction.sender().server_name() == target.sender().server_name()
        || powers.of(redaction.sender()) >= powers.redact_level()
}

/// What remains of an event after redaction.
pub(crate) fn redacted_object(room_version: &RoomVersion, event: &Object) -> Object {
    let rules = &room_version.rules().redaction;
    let kind = event.get("type").and_then(Value::as_str).unwrap_or_default();
    let mut redacted = Object::new();
    for (key, value) in event {
        let kept = match key.as_str() {
            "event_id" | "type" | "room_id" | "sender" | "state_key" | "hashes" | "signatures" | "depth"
            | "prev_events" | "auth_events" | "origin_server_ts" => value.clone(),
            "origin" | "membership" | "prev_state" if rules.keep_origin_membership_prev_state => {
                value.clone()
            }
            "content" => match value {
                Value::Object(content) => Value::Object(redacted_content(rules, kind, content)),
                other => other.clone(),
            },
            _ => continue,
        };
        redacted.insert(key.clone(), kept);
    }
    redacted
}

fn redacted_content(rules: &RedactionRules, kind: &str, content: &Object) -> Object {
    if kind == "m.room.create" && rules.keep_room_create_content {
        return content.clone();
    }
    let mut redacted = Object::new();
    for (key, value) in content {
        if let Some(kept) = redacted_content_member(rules, kind, key, value) {
            redacted.insert(key.clone(), kept);
        }
    }
    redacted
}

/// What remains of one member of a content.
fn redacted_content_member(rules: &RedactionRules, kind: &str, key: &str, value: &Value) -> Option<Value> {
    let keep = match (kind, key) {
        ("m.room.member", "membership") => true,
        ("m.room.member", "join_authorised_via_users_server") => {
            rules.keep_room_member_join_authorised_via_users_server
        }
        ("m.room.member", "third_party_invite") if rules.keep_room_member_third_party_invite_signed => {
            let signed = value.as_object()?.get("signed");
            let kept = signed.map(|signed| ("signed".to_owned(), signed.clone()));
            return Some(Value::Object(kept.into_iter().collect()));
        }
        ("m.room.create", "creator") => true,
        ("m.room.join_rules", "join_rule") => true,
        ("m.room.join_rules", "allow") => rules.keep_room_join_rules_allow,
        (
            "m.room.power_levels",
            "ban" | "events" | "events_default" | "kick" | "redact" | "state_default" | "users"
            | "users_default",
        ) => true,
        ("m.room.power_levels", "invite") => rules.keep_room_power_levels_invite,
        ("m.room.history_visibility", "history_visibility") => true,
        ("m.room.aliases", "aliases") => rules.keep_room_aliases_aliases,
        ("m.room.redaction", "redacts") => rules.keep_room_redaction_redacts,
        _ => false,
    };
    keep.then(|| value.clone())
}
