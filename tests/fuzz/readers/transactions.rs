//! Transactions with events and EDUs, received by a whole server.

use kith_tests::Dice;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use crate::{
    corpus,
    damage::damage,
    house::{BOB, House, PEER},
    run::{Witness, rounds},
    seal::sealed,
};

/// After how many rounds it is seen to that the room goes on.
const ROUNDS_BETWEEN: u64 = 300;

#[derive(Deserialize)]
struct Transaction {
    #[serde(default)]
    pdus: Vec<Box<RawValue>>,
    #[serde(default)]
    edus: Vec<Box<RawValue>>,
}

#[test]
fn transactions() {
    let (house, mut count) = (House::new(), 0_u64);
    rounds(|dice| {
        let input = damage(dice, &[transaction(&house).to_string().into_bytes()]);
        let _witness = Witness::of(&input);
        count += 1;
        if count % ROUNDS_BETWEEN == 0 {
            house.goes_on();
        }
        let Ok(Transaction { pdus, edus }) = serde_json::from_slice(&input) else { return false };
        let pdus = pdus.into_iter().map(|pdu| if dice.throw(3) > 0 { resealed(&house, pdu) } else { pdu });
        house.receive(pdus.collect(), edus) > 0
    });
    house.goes_on();
}

/// A message and a state event of bob's, and every EDU.
fn transaction(house: &House) -> Value {
    let (message, mut state) = (house.message(None), house.message(None));
    state["type"] = json!("m.room.member");
    state["state_key"] = json!(BOB);
    state["content"] = json!({"membership": "join", "displayname": house.next().to_string()});
    let edus = corpus::edus(BOB, house.room.as_str());
    let event = |event| serde_json::from_str::<Value>(house.sealed(event).json()).unwrap();
    json!({"pdus": [event(&message), event(&state)], "edus": edus})
}

/// The event hashed and signed anew, if it can be: its server stands by what it has become.
pub(super) fn resealed(house: &House, event: Box<RawValue>) -> Box<RawValue> {
    let text = sealed(house.version(), event.get(), PEER, &house.key);
    text.map_or(event, |text| RawValue::from_string(text).unwrap())
}

/// Seals everything in an answer that looks like an event, or most of it.
pub(super) fn reseal_all(dice: &mut Dice, answer: &mut Value, seal: &impl Fn(&str) -> Option<String>) {
    match answer {
        Value::Object(event) if event.contains_key("auth_events") && dice.throw(8) > 0 => {
            if let Some(text) = seal(&answer.to_string()) {
                // What nests too deep for this reader stays as it was.
                *answer = serde_json::from_str(&text).unwrap_or_else(|_| answer.take());
            }
        }
        Value::Object(members) => {
            members.values_mut().for_each(|member| reseal_all(dice, member, seal));
        }
        Value::Array(elements) => {
            elements.iter_mut().for_each(|element| reseal_all(dice, element, seal));
        }
        _ => {}
    }
}
