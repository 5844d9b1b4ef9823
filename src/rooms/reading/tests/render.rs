//! What clients get of an event.

use kith_event::client_format::RoomIdIn;
use kith_store::{EventSid, tables::events::Transaction};
use ruma::events::TimelineEventType;
use serde_json::{Value, json};

use super::{Draft, TestRoom, World, history, member, message, state, text, value};
use crate::render::Form;

const VIEWER: &str = "@viewer:a.example";
const CREATOR: &str = "@creator:a.example";

/// The event as the viewer gets it.
fn rendered(world: &World, room: &TestRoom, viewer: &str, event: EventSid) -> Value {
    let read = world.store().read();
    let viewer = world.viewer(viewer);
    let view = world.rooms.view(&*read, room.sid, &viewer).expect("reads");
    let seen = view.look_at(event).expect("reads").expect("is visible");
    value(&view.render(vec![seen], Form::ALONE).expect("renders")[0])
}

fn relation(sender: &str, rel_type: &str, parent: &str, content: Value) -> Draft {
    let mut content = content;
    content["m.relates_to"] = json!({ "rel_type": rel_type, "event_id": parent });
    message(sender, content)
}

fn edit(sender: &str, parent: &str, body: &str) -> Draft {
    relation(sender, "m.replace", parent, json!({ "body": "* edit", "m.new_content": { "body": body } }))
}

fn room_with_viewer(world: &mut World) -> TestRoom {
    let mut room = world.room("room", json!({}));
    world.write(&mut room, member(VIEWER, "join"));
    room
}

#[test]
fn a_message() {
    let mut world = World::new();
    let mut room = room_with_viewer(&mut world);
    let transaction = Some(Transaction { device: "DEVICE".to_owned(), id: "txn1".to_owned() });
    let event = world.write(&mut room, Draft { transaction, ..text(VIEWER, "hi") });
    world.clock.advance(std::time::Duration::from_millis(250));
    let expected = json!({
        "type": "m.room.message", "sender": VIEWER, "room_id": room.id, "event_id": world.id(event),
        "origin_server_ts": world.clock.now_ms() - 250, "content": { "msgtype": "m.text", "body": "hi" },
        "unsigned": { "age": 250, "membership": "join", "transaction_id": "txn1" },
    });
    assert_eq!(rendered(&world, &room, VIEWER, event), expected);
    // Nobody else is told the transaction id.
    let others = rendered(&world, &room, CREATOR, event);
    assert_eq!(others["unsigned"], json!({ "age": 250, "membership": "join" }));
}

#[test]
fn state_names_what_it_replaced_to_those_who_may_know() {
    let mut world = World::new();
    let mut room = world.room("room", json!({}));
    world.write(&mut room, history("joined"));
    let first = world.write(&mut room, state(CREATOR, "m.room.name", "", json!({ "name": "first" })));
    world.write(&mut room, member(VIEWER, "join"));
    let second = world.write(&mut room, state(CREATOR, "m.room.name", "", json!({ "name": "second" })));
    let creator = rendered(&world, &room, CREATOR, second);
    assert_eq!(creator["unsigned"]["prev_content"], json!({ "name": "first" }));
    assert_eq!(creator["unsigned"]["replaces_state"], world.id(first));
    let viewer = rendered(&world, &room, VIEWER, second);
    assert_eq!(viewer["unsigned"].get("prev_content"), None);
    assert_eq!(viewer["unsigned"]["replaces_state"], world.id(first));
}

#[test]
fn a_redacted_event_says_why() {
    let mut world = World::new();
    let mut room = room_with_viewer(&mut world);
    let event = world.write(&mut room, text(CREATOR, "oops"));
    let name = world.write(&mut room, state(CREATOR, "m.room.name", "", json!({ "name": "oops" })));
    let sid = room.sid;
    let state_text = |world: &World| {
        let (read, viewer) = (world.store().read(), world.viewer(VIEWER));
        let view = world.rooms.view(&*read, sid, &viewer).expect("reads");
        value(&view.render_state(&[name], RoomIdIn::Context).expect("renders")[0])
    };
    assert_eq!(state_text(&world)["content"], json!({ "name": "oops" }));
    let mut redactions = Vec::new();
    for target in [event, name] {
        let redacts = world.id(target);
        let draft = Draft {
            kind: TimelineEventType::RoomRedaction.to_string(),
            redacts: Some(target),
            ..message(CREATOR, json!({ "redacts": redacts, "reason": "slip" }))
        };
        redactions.push(world.write(&mut room, draft));
    }
    let shown = rendered(&world, &room, VIEWER, event);
    assert_eq!(shown["content"], json!({}));
    assert_eq!(shown["unsigned"]["redacted_because"]["event_id"], world.id(redactions[0]));
    assert_eq!(shown["unsigned"]["redacted_because"]["content"]["reason"], "slip");
    // The text that was kept ready is not used any more.
    let shown = state_text(&world);
    assert_eq!(shown["content"], json!({}));
    assert_eq!(shown["unsigned"]["redacted_because"]["event_id"], world.id(redactions[1]));
}

#[test]
fn the_newest_valid_edit_is_bundled() {
    let mut world = World::new();
    let mut room = room_with_viewer(&mut world);
    let event = world.write(&mut room, text(CREATOR, "teh"));
    let parent = world.id(event);
    assert_eq!(rendered(&world, &room, VIEWER, event)["unsigned"].get("m.relations"), None);
    world.write(&mut room, edit(CREATOR, &parent, "the"));
    let newest = world.write(&mut room, edit(CREATOR, &parent, "The"));
    world.write(&mut room, edit(VIEWER, &parent, "not the sender's"));
    world.write(&mut room, relation(CREATOR, "m.replace", &parent, json!({ "body": "nothing new" })));
    let shown = rendered(&world, &room, VIEWER, event);
    assert_eq!(shown["content"]["body"], "teh");
    let replace = &shown["unsigned"]["m.relations"]["m.replace"];
    assert_eq!(replace["event_id"], world.id(newest));
    assert_eq!(replace["content"]["m.new_content"]["body"], "The");
    // An edit of an edit is none.
    world.write(&mut room, edit(CREATOR, &world.id(newest), "THE"));
    assert_eq!(rendered(&world, &room, VIEWER, newest)["unsigned"].get("m.relations"), None);
}

#[test]
fn references_are_listed() {
    let mut world = World::new();
    let mut room = room_with_viewer(&mut world);
    let event = world.write(&mut room, text(CREATOR, "poll"));
    let parent = world.id(event);
    let children = [(); 2].map(|()| {
        world.write(&mut room, relation(CREATOR, "m.reference", &parent, json!({ "body": "vote" })))
    });
    let shown = rendered(&world, &room, VIEWER, event);
    let chunk = children.map(|child| json!({ "event_id": world.id(child) }));
    assert_eq!(shown["unsigned"]["m.relations"]["m.reference"]["chunk"], json!(chunk));
}

#[test]
fn a_thread_is_summed_up_in_its_root() {
    let mut world = World::new();
    let mut room = room_with_viewer(&mut world);
    let root = world.write(&mut room, text(CREATOR, "root"));
    let parent = world.id(root);
    world.write(&mut room, relation(CREATOR, "m.thread", &parent, json!({ "body": "one" })));
    let latest = world.write(&mut room, relation(CREATOR, "m.thread", &parent, json!({ "body": "two" })));
    world.write(&mut room, edit(CREATOR, &world.id(latest), "TWO"));
    let thread =
        |viewer| rendered(&world, &room, viewer, root)["unsigned"]["m.relations"]["m.thread"].clone();
    let seen = thread(VIEWER);
    assert_eq!(seen["count"], 2);
    assert_eq!(seen["current_user_participated"], false);
    assert_eq!(seen["latest_event"]["event_id"], world.id(latest));
    let edit = &seen["latest_event"]["unsigned"]["m.relations"]["m.replace"];
    assert_eq!(edit["content"]["m.new_content"]["body"], "TWO");
    assert_eq!(thread(CREATOR)["current_user_participated"], true);
}
