//! What a server is answered when it asks for the events that a new one builds on.

use kith_event::parse_pdu;
use serde_json::{Value, json};

use super::transactions::reseal_all;
use crate::{
    damage::damage,
    house::{BOB, House, PEER},
    run::{Witness, rounds},
    seal::sealed,
};

#[test]
fn what_is_fetched() {
    let house = House::new();
    rounds(|dice| {
        // What lies between stands on the room, or on nothing that anybody has.
        let unknown = format!("$nobody-has-{}", house.next());
        let between = house.message((dice.throw(2) > 0).then_some(unknown.as_str()));
        let between = house.sealed(&between);
        let good = answers(&house, &serde_json::from_str(between.json()).unwrap());
        let input = damage(dice, &[good.to_string().into_bytes()]);
        let _witness = Witness::of(&input);
        let Ok(mut answers) = serde_json::from_slice::<Value>(&input) else { return false };
        reseal_all(dice, &mut answers, &|text| sealed(house.version(), text, PEER, &house.key));
        let first = answers["get_missing_events"]["events"][0].to_string();
        let before = parse_pdu(house.version(), &first)
            .map_or(between.event_id().clone(), |pdu| pdu.event_id().clone());
        house.network.answer(move |path| {
            let name = path.split('/').nth(4).unwrap_or_default();
            answers.get(name).map(|answer| answer.to_string().into_bytes())
        });
        let last = house.sealed(&house.message(Some(before.as_str())));
        let last = serde_json::value::RawValue::from_string(last.json().to_owned()).unwrap();
        house.receive(vec![last], Vec::new()) > 0
    });
    house.goes_on();
}

/// Good answers by the names of what is asked.
fn answers(house: &House, between: &Value) -> Value {
    let room = house.rooms.room(&house.room).unwrap().unwrap();
    let state = house.rooms.current_state(room.sid).unwrap();
    let entry = |kind: &str, key: &str| state.get(&kind.into(), key).unwrap().unwrap();
    let entries = [
        entry("m.room.create", ""),
        entry("m.room.member", house.alice.user_id.as_str()),
        entry("m.room.power_levels", ""),
        entry("m.room.join_rules", ""),
        entry("m.room.member", BOB),
    ];
    let ids: Vec<&str> = entries.iter().map(|event| event.event_id().as_str()).collect();
    let events: Vec<Value> =
        entries.iter().map(|event| serde_json::from_str(event.json()).unwrap()).collect();
    json!({
        "get_missing_events": {"events": [between]},
        "event": {"origin": PEER, "origin_server_ts": 1, "pdus": [between]},
        "event_auth": {"auth_chain": events},
        "state_ids": {"pdu_ids": ids, "auth_chain_ids": ids},
        "state": {"pdus": events, "auth_chain": events},
    })
}
