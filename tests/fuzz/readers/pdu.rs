//! Events, in each room version, and what the rules make of them.

use std::collections::BTreeMap;

use kith_event::{
    Pdu, RoomVersion, auth,
    client_format::stripped_state,
    parse::{parse_pdu, peek},
    power::Powers,
    redact::{may_redact, redact},
    verify::{required_signatures, verify},
};

use crate::{corpus, run::fuzz};

fn bytes(events: &[Pdu]) -> Vec<Vec<u8>> {
    events.iter().map(|pdu| pdu.json().as_bytes().to_vec()).collect()
}

#[test]
fn events_of_old_rooms() {
    let versions = ["1", "2", "3", "5"].map(|id| RoomVersion::find(id).unwrap());
    fuzz_versions(&versions);
}

#[test]
fn events_of_rooms_of_today() {
    let versions = ["6", "8", "10", "11", "12"].map(|id| RoomVersion::find(id).unwrap());
    fuzz_versions(&versions);
}

fn fuzz_versions(versions: &[&'static RoomVersion]) {
    let rooms: Vec<(&'static RoomVersion, Vec<Pdu>)> =
        versions.iter().map(|version| (*version, corpus::events(version))).collect();
    let seeds: Vec<_> = rooms.iter().flat_map(|(_, events)| bytes(events)).collect();
    fuzz(&seeds, |input| {
        let Ok(text) = std::str::from_utf8(input) else { return false };
        let _any = peek(text);
        // Every version reads what was meant for another one.
        rooms.iter().filter(|(version, room)| read(version, room, text)).count() > 0
    });
}

fn read(version: &'static RoomVersion, room: &[Pdu], text: &str) -> bool {
    let Ok(pdu) = parse_pdu(version, text) else { return false };
    let again = parse_pdu(version, pdu.json()).expect("what was accepted once is accepted again");
    assert_eq!((again.event_id(), again.json()), (pdu.event_id(), pdu.json()));
    let seen = peek(pdu.json()).expect("an event can be peeked at");
    // What has a field twice is an event in old rooms, but nothing to be peeked at.
    assert!(peek(text).is_err() || peek(text).as_ref() == Ok(&seen), "at second sight it is another event");
    assert_eq!(seen.kind, pdu.kind_text());
    if let Some(room_id) = &seen.room_id {
        assert_eq!(room_id, pdu.room_id());
    }
    redacting(&pdu);
    // An invite for somebody who was invited by an address needs no server's signature.
    let needs_none = required_signatures(&pdu).is_ok_and(|required| required.is_empty());
    let verified = verify(&pdu, &BTreeMap::new());
    assert_eq!(verified.is_ok(), needs_none, "without keys, what needs some is not verified");
    judging(room, &pdu);
    serde_json::from_str::<serde_json::Value>(&stripped_state(&pdu)).expect("JSON");
    true
}

fn redacting(pdu: &Pdu) {
    let redacted = redact(pdu, None);
    assert_eq!(redact(&redacted, None).json(), redacted.json(), "what is redacted stays as it is");
    let received = parse_pdu(pdu.room_version(), redacted.json()).expect("a redacted event is an event");
    assert_eq!(received.event_id(), pdu.event_id(), "redaction keeps the id");
    assert!(redacted.json().len() <= pdu.json().len(), "redaction adds nothing");
}

/// Nobody's power changes by panicking, and nothing but a create event stands on nothing.
fn judging(room: &[Pdu], pdu: &Pdu) {
    let _needed = auth::state_needed(pdu);
    let is_create = pdu.kind_text() == "m.room.create";
    assert!(auth::check(pdu, |_, _| None).is_err() || is_create, "allowed without any state");
    assert!(auth::check_auth_events(pdu, |_| None).is_err() || pdu.auth_events().is_empty());
    let create = if is_create { pdu } else { &room[0] };
    let powers = Powers::new(create, Some(pdu));
    let _level =
        (powers.of(pdu.sender()), powers.needed_for(pdu.kind(), pdu.is_state()), powers.named_users());
    let _may = may_redact(pdu, pdu, &powers);
    let as_of_the_room = |kind: &ruma::events::StateEventType, key: &str| {
        room.iter()
            .find(|event| event.state_entry().is_some_and(|entry| entry == (kind.clone(), key.to_owned())))
            .cloned()
    };
    let _verdict = auth::check(pdu, as_of_the_room);
}
