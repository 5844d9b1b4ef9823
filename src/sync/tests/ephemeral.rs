//! What passes: typing, receipts, presence.

use kith_accounts::Requester;
use kith_rooms::create::Preset;
use kith_store::{
    ChangeKind, Position,
    live::{PresenceRow, PresenceState},
    tables::receipts::{MAIN_THREAD, ReceiptKind, UNTHREADED},
};
use ruma::OwnedRoomId;
use serde_json::json;

use super::world::{NOW_MS, World};
use crate::Since;

fn both(world: &World) -> (Requester, Requester, OwnedRoomId) {
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let room_id = world.room(&alice, Preset::PublicChat);
    world.join(&bob, &room_id);
    (alice, bob, room_id)
}

fn type_(world: &World, who: &[&Requester], room_id: &OwnedRoomId) {
    let room = world.store.ids().room(room_id).expect("interns");
    let mut txn = world.store.begin();
    let position = txn.position().expect("allocates");
    world.store.live().change_typing(room, |row| {
        row.position = position;
        row.until_ms = who.iter().map(|who| (who.user, NOW_MS + 1_000)).collect();
    });
    txn.change(position, ChangeKind::Typing { room });
    world.store.commit_durably(txn).expect("commits");
}

fn appear(world: &World, who: &Requester, state: PresenceState) {
    let mut txn = world.store.begin();
    let position = txn.position().expect("allocates");
    let status = Some("hi".to_owned());
    let (last_active_ms, currently_active, told_ms) = (NOW_MS - 5, true, None);
    let row = PresenceRow { position, state, status, last_active_ms, currently_active, told_ms };
    world.store.live().set_presence(who.user, row);
    txn.change(position, ChangeKind::Presence { user: who.user });
    world.store.commit_durably(txn).expect("commits");
}

#[test]
fn typing_starts_and_stops() {
    let world = World::new();
    let (alice, bob, room_id) = both(&world);
    let start = world.sync_from_start(&alice, &json!({}));
    let typing =
        |answer: &serde_json::Value| answer["rooms"]["join"][room_id.as_str()]["ephemeral"]["events"].clone();
    type_(&world, &[&bob], &room_id);
    let expected = json!([{"type": "m.typing", "content": {"user_ids": [bob.user_id]}}]);
    let next = world.sync_after(&alice, &start, &json!({}));
    assert_eq!(typing(&next), expected);
    assert_eq!(typing(&world.sync_from_start(&alice, &json!({}))), expected);
    let unwanted =
        world.sync_after(&alice, &start, &json!({"room": {"ephemeral": {"not_types": ["m.typing"]}}}));
    assert!(unwanted["rooms"].is_null(), "{unwanted}");

    type_(&world, &[], &room_id);
    let stopped = world.sync_after(&alice, &next, &json!({}));
    assert_eq!(typing(&stopped), json!([{"type": "m.typing", "content": {"user_ids": []}}]));
    assert_eq!(typing(&world.sync_from_start(&alice, &json!({}))), json!([]));
}

#[test]
fn private_receipts_are_for_ones_own_eyes() {
    let world = World::new();
    let (alice, bob, room_id) = both(&world);
    let event = world.say(&alice, &room_id, "read this");
    let start = world.sync_from_start(&alice, &json!({}));
    world.receipt(&bob, &room_id, &event, ReceiptKind::Private, UNTHREADED);
    let none = world.sync_after(&alice, &start, &json!({}));
    assert!(none["rooms"].is_null(), "{none}");
    let own = world.sync_after(&bob, &start, &json!({}));
    let content = &own["rooms"]["join"][room_id.as_str()]["ephemeral"]["events"][0]["content"];
    let receipt = json!({"m.read.private": {bob.user_id.as_str(): {"ts": 5}}});
    assert_eq!(content[event.as_str()], receipt);

    world.receipt(&bob, &room_id, &event, ReceiptKind::Public, UNTHREADED);
    let public = world.sync_after(&alice, &start, &json!({}));
    let content = &public["rooms"]["join"][room_id.as_str()]["ephemeral"]["events"][0]["content"];
    assert_eq!(content[event.as_str()], json!({"m.read": {bob.user_id.as_str(): {"ts": 5}}}));
}

#[test]
fn receipts_of_several_threads_at_one_event_are_all_told() {
    let world = World::new();
    let (alice, bob, room_id) = both(&world);
    let event = world.say(&alice, &room_id, "read this");
    let start = world.sync_from_start(&alice, &json!({}));
    world.receipt(&bob, &room_id, &event, ReceiptKind::Public, UNTHREADED);
    world.receipt(&bob, &room_id, &event, ReceiptKind::Public, MAIN_THREAD);
    for answer in [world.sync_after(&alice, &start, &json!({})), world.sync_from_start(&alice, &json!({}))] {
        let events = answer["rooms"]["join"][room_id.as_str()]["ephemeral"]["events"].clone();
        let receipts: Vec<_> = (0..2)
            .map(|at| events[at]["content"][event.as_str()]["m.read"][bob.user_id.as_str()].clone())
            .collect();
        assert_eq!(receipts, [json!({"ts": 5}), json!({"ts": 5, "thread_id": "main"})], "{events}");
    }
}

#[test]
fn presence_is_for_those_who_share_a_room() {
    let world = World::new();
    let (alice, bob, _) = both(&world);
    let carol = world.user("carol");
    let start = world.sync_from_start(&alice, &json!({}));
    appear(&world, &bob, PresenceState::Online);
    appear(&world, &carol, PresenceState::Online);
    let expected = json!([{"type": "m.presence", "sender": bob.user_id, "content": {
        "presence": "online", "status_msg": "hi", "last_active_ago": 5, "currently_active": true,
    }}]);
    for answer in [world.sync_after(&alice, &start, &json!({})), world.sync_from_start(&alice, &json!({}))] {
        assert_eq!(answer["presence"]["events"], expected);
    }
    assert!(world.sync_after(&alice, &start, &json!({"presence": {"types": []}}))["presence"].is_null());

    // Whoever joins is seen as they are.
    let now = world.sync_from_start(&alice, &json!({}));
    let room_id = world.room(&alice, Preset::PublicChat);
    world.join(&carol, &room_id);
    let met = world.sync_after(&alice, &now, &json!({}));
    assert_eq!(met["presence"]["events"][0]["sender"], carol.user_id.as_str(), "{met}");

    // One's own presence is told, but is no reason to answer.
    appear(&world, &alice, PresenceState::Unavailable);
    let since = met["next_batch"].as_str().map(str::to_owned);
    let request = crate::SyncRequest { since, ..crate::SyncRequest::default() };
    let since = Some(Since::everything(Position(world.store.visible().0 - 1)));
    let (answer, _) = world.sync.answer_now(&alice, &request, since).expect("answers");
    assert!(!answer.urgent && answer.response.presence.events.len() == 1);
}
