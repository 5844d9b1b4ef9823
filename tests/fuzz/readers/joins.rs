//! Joining a room of another server: the template, and the room as it is told.

use kith_event::{
    Pdu, RoomVersion,
    build::{Context, Draft, EventRef, build},
};
use kith_rooms::membership::Joining;
use ruma::{OwnedRoomId, RoomId, UserId};
use serde_json::{Value, json, value::to_raw_value};

use super::transactions::reseal_all;
use crate::{
    damage::damage,
    house::{House, NOW_MS, PEER, peer},
    run::{Witness, rounds},
    seal::sealed,
};

const OWNER: &str = "@owner:b.example:8448";

#[test]
fn joins() {
    let house = House::new();
    let version = RoomVersion::find("11").unwrap();
    rounds(|dice| {
        let room = RoomId::parse(format!("!room{}:{PEER}", house.next())).unwrap();
        let good = answers(&house, version, &room);
        let input = damage(dice, &[good.to_string().into_bytes()]);
        let _witness = Witness::of(&input);
        let Ok(mut answers) = serde_json::from_slice::<Value>(&input) else { return false };
        if let Some(told) = answers.get_mut("send_join") {
            reseal_all(dice, told, &|text| sealed(version, text, PEER, &house.key));
        }
        house.network.answer(move |path| {
            let name = path.split('/').nth(4).unwrap_or_default();
            answers.get(name).map(|answer| answer.to_string().into_bytes())
        });
        let joining = Joining { via: vec![peer()], ..Joining::default() };
        let outcome = house.run(house.rooms.join_across(house.alice.clone(), room.clone(), joining));
        match &outcome {
            Ok(()) => is_a_room(&house, &room),
            // What fails in the background is told to nobody but whoever waits for it.
            Err(error) => assert!(!error.to_string().contains("stopping"), "the join broke off"),
        }
        outcome.is_ok()
    });
    house.goes_on();
}

/// Checks that the room has a beginning and that alice is in it.
fn is_a_room(house: &House, room: &RoomId) {
    let sid = house.rooms.room(room).unwrap().expect("the room is here").sid;
    let state = house.rooms.current_state(sid).unwrap();
    let create = state.get(&"m.room.create".into(), "").unwrap().expect("the room has a beginning");
    assert_eq!(create.room_id(), room);
    assert!(state.get(&"m.room.member".into(), house.alice.user_id.as_str()).unwrap().is_some());
    assert!(house.rooms.is_joined(house.alice.user, sid).unwrap());
}

/// What the other server answers to the two steps of a join.
fn answers(house: &House, version: &'static RoomVersion, room: &OwnedRoomId) -> Value {
    let alice = house.alice.user_id.as_str();
    let mut events: Vec<Pdu> = Vec::new();
    let entries = [
        ("m.room.create", "", json!({"room_version": "11"})),
        ("m.room.member", OWNER, json!({"membership": "join"})),
        ("m.room.power_levels", "", json!({"users": {OWNER: 100}})),
        ("m.room.join_rules", "", json!({"join_rule": "public"})),
        ("m.room.name", "", json!({"name": "Tea"})),
        ("m.room.canonical_alias", "", json!({"alias": "#tea:b.example"})),
    ];
    for (kind, key, content) in entries {
        let sender = UserId::parse(OWNER).unwrap();
        let of_kind = |kind: &&str| events.iter().find(|event| event.kind_text() == **kind);
        let authority = ["m.room.create", "m.room.power_levels", "m.room.member"];
        let context = Context {
            room_version: version,
            room_id: Some(room),
            prev_events: events.last().map(EventRef::from).into_iter().collect(),
            auth_events: authority.iter().filter_map(of_kind).map(EventRef::from).collect(),
            depth: events.len() as u64 + 1,
            sender: &sender,
            origin_server_ts: NOW_MS,
            server_name: sender.server_name(),
            key: &house.key,
        };
        let draft = Draft::state(kind.into(), key, to_raw_value(&content).unwrap());
        let event = build(draft, &context).unwrap();
        events.push(event);
    }
    let id = |at: usize| events[at].event_id().as_str();
    let template = json!({
        "type": "m.room.member", "room_id": room, "sender": alice, "state_key": alice,
        "content": {"membership": "join"}, "depth": 7, "origin_server_ts": NOW_MS,
        "prev_events": [id(5)], "auth_events": [id(0), id(2), id(3)],
    });
    let events: Vec<Value> = events.iter().map(|event| serde_json::from_str(event.json()).unwrap()).collect();
    json!({
        "make_join": {"room_version": "11", "event": template},
        "send_join": {"state": events, "auth_chain": events[..4], "members_omitted": false, "origin": PEER},
    })
}
