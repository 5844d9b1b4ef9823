//! A template that says anything but what was asked for is not signed.

use ruma::{room_id, server_name, user_id};
use serde_json::{Value, json};

use super::*;

const ROOM: &str = "!room:a.example";
const USER: &str = "@bob:b.example";

fn template(version: &str) -> Value {
    let reference = |id: &str| match version {
        "1" => json!([id, { "sha256": "aGFzaA" }]),
        _ => json!(id),
    };
    json!({
        "type": "m.room.member", "room_id": ROOM, "sender": USER, "state_key": USER, "depth": 7,
        "content": { "membership": "join" }, "origin": "a.example", "origin_server_ts": 1,
        "prev_events": [reference("$prev:a.example")], "auth_events": [reference("$create:a.example")],
    })
}

fn read_for(version: &str, template: &Value, membership: &str) -> Result<Template, TemplateError> {
    let version = RoomVersion::find(version).expect("known");
    let wanted =
        Wanted { room_id: room_id!("!room:a.example"), user: user_id!("@bob:b.example"), membership };
    read(version, &template.to_string(), &wanted)
}

#[test]
fn what_was_asked_for_is_used() {
    for version in ["1", "6", "11"] {
        let read = read_for(version, &template(version), "join").expect("as asked for");
        assert_eq!(read.prev_events[0].event_id, "$prev:a.example");
        assert_eq!(read.prev_events[0].hash.is_some(), version == "1");
        assert_eq!((read.auth_events.len(), read.depth), (1, 7));
        assert_eq!(read.authoriser, None);
    }
}

#[test]
fn anything_else_is_refused() {
    let check = |path: &str, value: Value| {
        let mut template = template("11");
        *template.pointer_mut(path).expect("there") = value;
        assert!(read_for("11", &template, "join").is_err(), "{path}");
    };
    check("/type", json!("m.room.power_levels"));
    check("/room_id", json!("!other:a.example"));
    check("/sender", json!("@alice:b.example"));
    check("/state_key", json!("@alice:b.example"));
    check("/state_key", json!(""));
    check("/content/membership", json!("ban"));
    check("/content/membership", json!("leave"));
    check("/content", json!([]));
    check("/prev_events", json!([]));
    check("/prev_events", json!(["no id"]));
    check("/prev_events", json!(vec!["$prev"; 21]));
    check("/auth_events", json!(vec!["$auth"; 11]));
    check("/auth_events", json!([["$auth", {}]]));
    check("/depth", json!(-1));
    check("/depth", json!("7"));
    let mut vouched = template("11");
    vouched["content"][AUTHORISER] = json!("nobody");
    assert!(read_for("11", &vouched, "join").is_err());
    vouched["content"][AUTHORISER] = json!("@alice:a.example");
    let read = read_for("11", &vouched, "join").expect("as asked for");
    assert_eq!(read.authoriser.as_deref(), Some(user_id!("@alice:a.example")));
    assert!(read_for("11", &vouched, "leave").is_err());
}

#[test]
fn a_depth_out_of_bounds_is_cut() {
    let mut deep = template("6");
    deep["depth"] = json!(9_007_199_254_740_991_i64);
    assert_eq!(read_for("6", &deep, "join").expect("within").depth, (1 << 53) - 1);
    deep["depth"] = json!(9_007_199_254_740_992_i64);
    assert!(read_for("6", &deep, "join").is_err(), "not canonical JSON");
}

#[test]
fn an_offer_has_nothing_that_only_its_signer_can_add() {
    let version = RoomVersion::find("1").expect("known");
    let mut event = template("1");
    event["event_id"] = json!("$own:a.example");
    event["hashes"] = json!({ "sha256": "aGFzaA" });
    event["signatures"] = json!({});
    let pdu = crate::parse_pdu(version, &event.to_string()).expect("an event");
    let offered: Value = serde_json::from_str(offer(&pdu, server_name!("a.example")).get()).expect("JSON");
    assert_eq!(offered, template("1"));
}
