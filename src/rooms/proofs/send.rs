//! Sending, redacting, threads.

use kith_store::tables::{events::get_meta, relations::THREADS};
use serde_json::json;

use super::{World, raw};
use crate::{
    WriteError,
    send::{NewMessage, SendError},
};

#[test]
fn a_repeated_transaction_is_one_event_also_after_a_restart() {
    let world = World::new();
    let alice = world.user("alice");
    let room = world.public_room(&alice);
    let message = |body: &str| NewMessage {
        kind: "m.room.message".into(),
        content: raw(&json!({ "msgtype": "m.text", "body": body })),
        transaction_id: Some("txn".to_owned()),
        timestamp_ms: None,
        sticky_ms: None,
    };
    let first = world.rooms.send_message(&alice, &room, message("one")).expect("sends");
    assert_eq!(world.rooms.send_message(&alice, &room, message("one")).expect("sends"), first);
    let world = world.reopen();
    assert_eq!(world.rooms.send_message(&alice, &room, message("one")).expect("sends"), first);
    // Another device, another room and another type are other transactions.
    let mut other = alice.clone();
    other.device_id = Some("OTHER".into());
    assert_ne!(world.rooms.send_message(&other, &room, message("one")).expect("sends"), first);
    let elsewhere = world.public_room(&alice);
    assert_ne!(world.rooms.send_message(&alice, &elsewhere, message("one")).expect("sends"), first);
    let event = world.rooms.store.ids().find_event(&first).expect("reads").expect("known");
    let transaction =
        get_meta(world.rooms.store.engine(), event).expect("reads").transaction.expect("remembered");
    assert_eq!((transaction.device.as_str(), transaction.id.as_str()), ("DEVICE", "txn"));
    world.assert_sound();
    // A week later it is forgotten.
    world.clock.advance(std::time::Duration::from_secs(8 * 24 * 60 * 60));
    assert!(world.rooms.sweep_transactions(&Default::default()).expect("sweeps").is_some());
    assert_ne!(world.rooms.send_message(&alice, &room, message("one")).expect("sends"), first);
}

#[test]
fn the_muted_read_and_do_not_write() {
    let world = World::new();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let room = world.public_room(&alice);
    world.join(&bob, &room);
    let mut levels = world.state_content(&room, "m.room.power_levels", "");
    levels["users"]["@bob:a.example"] = (-1).into();
    world.set(&alice, &room, "m.room.power_levels", "", levels).expect("mutes");
    let refused = world.send(&bob, &room, "m.room.message", json!({ "body": "x", "msgtype": "m.text" }));
    assert!(matches!(refused, Err(SendError::Write(WriteError::Refused(_)))));
    let refused = world.set(&bob, &room, "m.room.topic", "", json!({ "topic": "x" }));
    assert!(matches!(refused, Err(SendError::Write(WriteError::Refused(_)))));
    world.say(&alice, &room, "quiet");
    let stranger = world.user("carol");
    let refused = world.send(&stranger, &room, "m.room.message", json!({ "body": "x", "msgtype": "m.text" }));
    assert!(matches!(refused, Err(SendError::Write(WriteError::Refused(_)))));
    world.assert_sound();
}

#[test]
fn state_said_twice_is_one_event() {
    let world = World::new();
    let alice = world.user("alice");
    let room = world.public_room(&alice);
    let first = world.set(&alice, &room, "m.room.topic", "", json!({ "topic": "x" })).expect("sets");
    assert_eq!(world.set(&alice, &room, "m.room.topic", "", json!({ "topic": "x" })).expect("sets"), first);
    assert_ne!(world.set(&alice, &room, "m.room.topic", "", json!({ "topic": "y" })).expect("sets"), first);
    world.assert_sound();
}

#[test]
fn limits_and_grammar() {
    let world = World::new();
    let alice = world.user("alice");
    let room = world.public_room(&alice);
    let huge = world.send(&alice, &room, "m.room.message", json!({ "body": "x".repeat(70_000) }));
    assert!(matches!(huge, Err(SendError::Write(WriteError::TooLarge(_)))));
    let long = world.send(&alice, &room, &"t".repeat(300), json!({}));
    assert!(matches!(long, Err(SendError::Write(WriteError::TooLarge(_)))));
    let float = world.send(&alice, &room, "m.room.message", json!({ "n": 1.5 }));
    assert!(matches!(float, Err(SendError::Write(WriteError::Malformed(_)))));
    let twice = NewMessage {
        kind: "m.room.message".into(),
        content: serde_json::value::RawValue::from_string(r#"{"a":1,"a":2}"#.to_owned()).expect("JSON"),
        transaction_id: None,
        timestamp_ms: None,
        sticky_ms: None,
    };
    let twice = world.rooms.send_message(&alice, &room, twice);
    assert!(matches!(twice, Err(SendError::Write(WriteError::Malformed(_)))));
    world.assert_sound();
}

#[test]
fn redaction_takes_the_content_and_the_place_in_the_thread() {
    let world = World::new();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let room = world.public_room(&alice);
    world.join(&bob, &room);
    let root = world.say(&alice, &room, "root");
    let reply = |text: &str| {
        let relates_to = json!({ "rel_type": "m.thread", "event_id": root });
        let content = json!({ "msgtype": "m.text", "body": text, "m.relates_to": relates_to });
        world.send(&bob, &room, "m.room.message", content).expect("sends")
    };
    let (first, second) = (reply("one"), reply("two"));
    let ids = world.rooms.store.ids();
    let sid = |id: &ruma::EventId| ids.find_event(id).expect("reads").expect("known");
    let thread = || THREADS.get(world.rooms.store.engine(), &sid(&root)).expect("reads");
    assert_eq!(thread().map(|thread| (thread.count, thread.latest)), Some((2, sid(&second))));
    world.assert_sound();

    let refused = world.rooms.redact(&bob, &room, &root, None, None);
    assert!(matches!(refused, Err(SendError::Write(WriteError::Refused(_)))));
    world.rooms.redact(&bob, &room, &second, Some("oops".to_owned()), None).expect("redacts");
    assert_eq!(world.pdu(&second).content_text(), "{}");
    assert_eq!(thread().map(|thread| (thread.count, thread.latest)), Some((1, sid(&first))));
    world.rooms.redact(&alice, &room, &first, None, None).expect("redacts");
    assert_eq!(thread(), None);
    world.assert_sound();
    let world = world.reopen();
    assert_eq!(world.pdu(&second).content_text(), "{}");
    assert!(matches!(
        world.rooms.redact(&alice, &room, ruma::event_id!("$unknown"), None, None),
        Err(SendError::NotFound)
    ));
}

#[test]
fn counts_grow_with_what_notifies() {
    let world = World::new();
    let alice = world.user("alice");
    let room = world.public_room(&alice);
    let sid = world.rooms.room(&room).expect("reads").expect("known").sid;
    let count = || world.rooms.heads(sid).expect("reads").countable;
    assert_eq!(count(), 0);
    let event = world.say(&alice, &room, "counts");
    assert_eq!(count(), 1);
    world
        .send(&alice, &room, "m.room.message", json!({ "msgtype": "m.notice", "body": "no" }))
        .expect("sends");
    let annotation = json!({ "rel_type": "m.annotation", "event_id": event, "key": "+" });
    world.send(&alice, &room, "m.reaction", json!({ "m.relates_to": annotation })).expect("sends");
    let again = world.send(&alice, &room, "m.reaction", json!({ "m.relates_to": annotation }));
    assert!(matches!(again, Err(SendError::DuplicateReaction)));
    let replace = json!({ "rel_type": "m.replace", "event_id": event });
    world
        .send(
            &alice,
            &room,
            "m.room.message",
            json!({ "msgtype": "m.text", "body": "*", "m.relates_to": replace }),
        )
        .expect("sends");
    assert_eq!(count(), 1);
    world.send(&alice, &room, "m.room.encrypted", json!({ "algorithm": "x" })).expect("sends");
    assert_eq!(count(), 2);
    world.assert_sound();
}

#[test]
fn writers_of_one_room_and_of_many_do_not_lose_each_other() {
    let world = World::new();
    let alice = world.user("alice");
    let rooms = [world.public_room(&alice), world.public_room(&alice)];
    std::thread::scope(|scope| {
        for thread in 0..6 {
            let (world, alice, room) = (&world, &alice, &rooms[thread % 2]);
            scope.spawn(move || {
                for message in 0..10 {
                    world.say(alice, room, &format!("{thread} {message}"));
                }
            });
        }
    });
    for room in &rooms {
        let sid = world.rooms.room(room).expect("reads").expect("known").sid;
        assert_eq!(world.rooms.heads(sid).expect("reads").countable, 30);
    }
    world.assert_sound();
}

#[test]
fn nobody_locks_their_own_server_out() {
    let world = World::new();
    let alice = world.user("alice");
    let room = world.public_room(&alice);
    let refused = world.set(&alice, &room, "m.room.server_acl", "", json!({ "allow": ["b.example"] }));
    assert!(matches!(refused, Err(SendError::Invalid(_))));
    world
        .set(&alice, &room, "m.room.server_acl", "", json!({ "allow": ["*"], "deny": ["b.example"] }))
        .expect("sets");
    world.assert_sound();
}
