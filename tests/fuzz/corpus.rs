//! Good input: events of every room version, and the bodies that servers exchange.

use kith_event::{
    Pdu, RoomVersion, SigningKey,
    build::{Context, Draft, EventRef, build},
};
use ruma::{RoomId, UserId};
use serde_json::{Value, json};

const SENDER: &str = "@alice:a.example";
const ROOM: &str = "!room:a.example";
const EVENT: &str = "$Rqnc-F-dvnEYJTyHq_iKxU2bZ1CI92-kuZq3a5lr5Zg";
const KEY: &str = "Noi6WqcDj0QmPxCNQqgezwTlBKrfqehY1u2FyWP9uYw";
const SIGNATURE: &str =
    "hQo2GSaDmFMGYOLl0M3jAw4gv1+xb4rgnRuwGGKfDxT7BkVTQe4JAqaqcDBMvgkzqCbhBkkbWiuLzTWrtNY4AA";

/// One event of each interesting type, built and signed as a server does it.
pub(crate) fn events(version: &'static RoomVersion) -> Vec<Pdu> {
    let key = SigningKey::generate([7; 32], "fuzz").unwrap();
    let mut create = json!({"room_version": version.id(), "m.federate": true});
    if !version.creator_is_sender() {
        create["creator"] = json!(SENDER);
    }
    let create = event(version, &key, None, &[], "m.room.create", Some(""), create);
    let room = create.room_id().clone();
    let signed =
        json!({"mxid": SENDER, "token": "abc", "signatures": {"id.example": {"ed25519:0": SIGNATURE}}});
    let rest = [
        ("m.room.member", Some(SENDER), json!({"membership": "join", "displayname": "Alice"})),
        ("m.room.member", Some("@bob:b.example"), json!({"membership": "invite"})),
        (
            "m.room.member",
            Some("@carol:c.example"),
            json!({"membership": "invite", "third_party_invite": {"display_name": "c", "signed": signed}}),
        ),
        (
            "m.room.member",
            Some(SENDER),
            json!({"membership": "join", "join_authorised_via_users_server": "@bob:b.example"}),
        ),
        ("m.room.power_levels", Some(""), power_levels()),
        ("m.room.join_rules", Some(""), join_rules()),
        ("m.room.history_visibility", Some(""), json!({"history_visibility": "shared"})),
        ("m.room.aliases", Some("a.example"), json!({"aliases": ["#tea:a.example"]})),
        ("m.room.server_acl", Some(""), acl()),
        ("m.room.message", None, json!({"msgtype": "m.text", "body": "h\u{e9}llo \u{1f980}", "n": -17})),
        ("m.room.redaction", None, json!({"reason": "spam", "redacts": EVENT})),
    ];
    let mut events = vec![create.clone()];
    for (kind, state_key, content) in rest {
        events.push(event(
            version,
            &key,
            Some(&room),
            std::slice::from_ref(&create),
            kind,
            state_key,
            content,
        ));
    }
    events
}

fn event(
    room_version: &'static RoomVersion,
    key: &SigningKey,
    room_id: Option<&RoomId>,
    before: &[Pdu],
    kind: &str,
    state_key: Option<&str>,
    content: Value,
) -> Pdu {
    let sender = UserId::parse(SENDER).unwrap();
    let chosen = RoomId::parse(ROOM).unwrap();
    let room_id = room_id.or((!room_version.room_id_is_create_hash()).then_some(&*chosen));
    let refs: Vec<EventRef> = before.iter().map(EventRef::from).collect();
    let context = Context {
        room_version,
        room_id,
        prev_events: refs.clone(),
        auth_events: refs,
        depth: u64::try_from(before.len()).unwrap() + 1,
        sender: &sender,
        origin_server_ts: 1_700_000_000_000,
        server_name: sender.server_name(),
        key,
    };
    let content = serde_json::value::to_raw_value(&content).unwrap();
    let draft = Draft {
        kind: kind.into(),
        state_key: state_key.map(str::to_owned),
        content,
        redacts: None,
        sticky_ms: None,
    };
    build(draft, &context).unwrap()
}

pub(crate) fn power_levels() -> Value {
    json!({
        "ban": 50, "kick": 50, "redact": 50, "invite": 0, "events_default": 0, "state_default": 50,
        "users_default": 0, "users": {"@bob:b.example": 50}, "events": {"m.room.name": 50},
        "notifications": {"room": 50},
    })
}

fn join_rules() -> Value {
    json!({"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": "!club:a.example"}]})
}

pub(crate) fn acl() -> Value {
    json!({"allow": ["*", "*.exam?le"], "deny": ["*.evil.example", "1.2.3.4"], "allow_ip_literals": false})
}

/// An event as servers exchange it, of a room of the newest version.
fn pdu() -> Value {
    let events = events(RoomVersion::default_version());
    serde_json::from_str(events.last().unwrap().json()).unwrap()
}

/// A body for each of the answers that are read from other servers: what asks, and what comes.
pub(crate) fn answers() -> Vec<(&'static str, Value)> {
    let keys = json!({
        "server_name": "a.example",
        "valid_until_ts": 1_800_000_000_000_u64,
        "verify_keys": {"ed25519:1": {"key": KEY}},
        "old_verify_keys": {"ed25519:0": {"key": KEY, "expired_ts": 1_600_000_000_000_u64}},
        "signatures": {"a.example": {"ed25519:1": SIGNATURE}},
    });
    let summary = json!({
        "room_id": ROOM, "num_joined_members": 3, "world_readable": false, "guest_can_join": false,
        "join_rule": "public", "name": "Tea", "topic": "t", "canonical_alias": "#tea:a.example",
        "avatar_url": "mxc://a.example/abc", "room_type": "m.space", "children_state": [], "room_version": "11",
    });
    vec![
        ("well-known", json!({"m.server": "matrix.a.example:443"})),
        ("key", keys.clone()),
        ("keys", json!({"server_keys": [keys]})),
        ("make_join", json!({"room_version": "11", "event": pdu()})),
        ("make_leave", json!({"room_version": "11", "event": pdu()})),
        ("make_knock", json!({"room_version": "11", "event": pdu()})),
        (
            "send_join",
            json!({"origin": "a.example", "state": [pdu()], "auth_chain": [pdu()], "event": pdu(),
                   "members_omitted": true, "servers_in_room": ["a.example"]}),
        ),
        (
            "send_knock",
            json!({"knock_room_state": [{"type": "m.room.name", "state_key": "", "sender": SENDER,
                              "content": {"name": "Tea"}}]}),
        ),
        ("invite", json!({"event": pdu()})),
        ("backfill", json!({"origin": "a.example", "origin_server_ts": 1, "pdus": [pdu()]})),
        ("event", json!({"origin": "a.example", "origin_server_ts": 1, "pdus": [pdu()]})),
        ("missing", json!({"events": [pdu()]})),
        ("state", json!({"pdus": [pdu()], "auth_chain": [pdu()]})),
        ("state_ids", json!({"pdu_ids": [EVENT], "auth_chain_ids": [EVENT]})),
        ("event_auth", json!({"auth_chain": [pdu()]})),
        ("timestamp", json!({"event_id": EVENT, "origin_server_ts": 1})),
        ("profile", json!({"displayname": "Alice", "avatar_url": "mxc://a.example/abc"})),
        ("directory", json!({"room_id": ROOM, "servers": ["a.example"]})),
        ("public_rooms", json!({"chunk": [summary], "next_batch": "n", "total_room_count_estimate": 1})),
        ("hierarchy", json!({"room": summary, "children": [summary], "inaccessible_children": [ROOM]})),
        (
            "devices",
            json!({"user_id": SENDER, "stream_id": 5, "devices": [device()], "master_key": user_key()}),
        ),
        (
            "key_query",
            json!({"device_keys": {SENDER: {"DEV": device_keys()}}, "master_keys": {SENDER: user_key()}}),
        ),
        (
            "key_claim",
            json!({"one_time_keys": {SENDER: {"DEV": {"signed_curve25519:AAA": {
                "key": KEY, "signatures": {SENDER: {"ed25519:DEV": SIGNATURE}}}}}}}),
        ),
        ("transaction", json!({"pdus": {EVENT: {}, "$other": {"error": "no"}}})),
    ]
}

fn device_keys() -> Value {
    json!({
        "user_id": SENDER, "device_id": "DEV", "algorithms": ["m.olm.v1.curve25519-aes-sha2"],
        "keys": {"curve25519:DEV": KEY, "ed25519:DEV": KEY},
        "signatures": {SENDER: {"ed25519:DEV": SIGNATURE}},
    })
}

fn device() -> Value {
    json!({"device_id": "DEV", "keys": device_keys(), "device_display_name": "phone"})
}

fn user_key() -> Value {
    json!({"user_id": SENDER, "usage": ["master"], "keys": {format!("ed25519:{KEY}"): KEY}})
}

/// Every sort of EDU, of a user of another server's about themselves.
pub(crate) fn edus(user: &str, room: &str) -> Value {
    let keys = |value: Value| {
        let text = value.to_string().replace(SENDER, user);
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let edus = [
        ("m.typing", json!({"room_id": room, "user_id": user, "typing": true})),
        ("m.receipt", json!({room: {"m.read": {user: {"data": {"ts": 1}, "event_ids": [EVENT]}}}})),
        (
            "m.presence",
            json!({"push": [{"user_id": user, "presence": "online", "last_active_ago": 5,
                             "currently_active": true, "status_msg": "tea"}]}),
        ),
        (
            "m.device_list_update",
            json!({"user_id": user, "device_id": "DEV", "stream_id": 6, "prev_id": [5], "deleted": false,
                   "device_display_name": "phone", "keys": keys(device_keys())}),
        ),
        (
            "m.direct_to_device",
            json!({"sender": user, "type": "m.room_key_request", "message_id": "1", "messages": {
                "@alice:a.example": {"*": {"action": "request_cancellation", "request_id": "1",
                                           "requesting_device_id": "DEV"}}}}),
        ),
        ("m.signing_key_update", json!({"user_id": user, "master_key": keys(user_key())})),
        ("org.example.unknown", json!({"any": "thing"})),
    ];
    edus.into_iter().map(|(kind, content)| json!({"edu_type": kind, "content": content})).collect()
}

/// A transaction with an event and every sort of EDU.
pub(crate) fn transaction() -> Value {
    json!({"origin": "a.example", "origin_server_ts": 1, "pdus": [pdu()], "edus": edus(SENDER, ROOM)})
}

/// Values of the Authorization header.
pub(crate) fn authorizations() -> Vec<Vec<u8>> {
    let header = |text: String| text.into_bytes();
    vec![
        header(format!(
            "X-Matrix origin=a.example,destination=b.example,key=\"ed25519:1\",sig=\"{SIGNATURE}\""
        )),
        header(format!("x-matrix sig={SIGNATURE}, key=ed25519:1 ,origin=\"[::1]:8448\"")),
    ]
}

/// Names of servers of every form.
pub(crate) fn server_names() -> Vec<Vec<u8>> {
    let names =
        ["a.example", "a.example:8448", "1.2.3.4", "1.2.3.4:80", "[::1]", "[2001:db8::1]:443", "localhost"];
    names.iter().map(|name| name.as_bytes().to_vec()).collect()
}

/// Files as servers send them to each other.
pub(crate) fn multiparts() -> Vec<Vec<u8>> {
    let part = |headers: &str| {
        format!(
            "\r\n--abc\r\nContent-Type: application/json\r\n\r\n{{}}\r\n--abc\r\n{headers}\r\n\r\n\x01file\r\n--abc--"
        )
        .into_bytes()
    };
    vec![
        part("Content-Type: image/png\r\nContent-Disposition: inline; filename=\"a b.png\""),
        part("Location: https://cdn.example/file"),
    ]
}
