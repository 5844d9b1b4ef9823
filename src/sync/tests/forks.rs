//! Rooms whose events fork: the room's state is more than what the newest event follows from.

use kith_accounts::Requester;
use kith_event::{
    VerifiedPdu,
    build::{Context, Draft, EventRef, build},
};
use kith_rooms::create::Preset;
use ruma::{OwnedEventId, OwnedRoomId, events::StateEventType};
use serde_json::{Value, json};

use super::{
    client::{Client, history_before},
    world::{NOW_MS, World},
};
use crate::StateAfter;

struct Room<'a> {
    world: &'a World,
    alice: Requester,
    id: OwnedRoomId,
}

impl Room<'_> {
    /// Takes in a state event that follows `prev` alone, as one from another server may.
    fn fork(&self, prev: &OwnedEventId, kind: &str, content: &Value) -> OwnedEventId {
        let (store, rooms) = (&self.world.store, &self.world.rooms);
        let room = rooms.room(&self.id).expect("reads").expect("exists");
        let (sid, prev) = rooms.find_event(prev).expect("reads").expect("exists");
        let meta = kith_store::tables::events::get_meta(store.engine(), sid).expect("reads");
        let state = rooms.state_at(room.sid, meta.place.expect("has a place").state_after);
        let mut auth_events = Vec::new();
        let sender = self.alice.user_id.to_string();
        for (kind, key) in
            [(StateEventType::RoomPowerLevels, ""), (StateEventType::RoomMember, sender.as_str())]
        {
            let pdu = state.get(&kind, key).expect("reads").expect("is set");
            auth_events.push(EventRef::from(&pdu));
        }
        let context = Context {
            room_version: room.version,
            room_id: Some(&self.id),
            prev_events: vec![EventRef::from(&prev)],
            auth_events,
            depth: prev.depth() + 1,
            sender: &self.alice.user_id,
            origin_server_ts: NOW_MS,
            server_name: rooms.server_name(),
            key: rooms.signing_key(),
        };
        let draft = Draft::state_of(kind.into(), "", content).expect("a draft");
        let pdu = build(draft, &context).expect("builds");
        let event_id = pdu.event_id().clone();
        let ingested = rooms.ingest(VerifiedPdu::of_own(pdu)).expect("takes it in");
        assert_eq!(ingested.verdict, kith_store::tables::events::Verdict::Accepted, "{ingested:?}");
        event_id
    }
}

#[test]
fn what_happened_on_either_side_of_a_fork_is_known_to_every_client() {
    for limit in [1, 2, 10] {
        let world = World::new();
        let alice = world.user("alice");
        let id = world.room(&alice, Preset::PrivateChat);
        let room = Room { world: &world, alice: alice.clone(), id: id.clone() };
        let root = world.say(&alice, &id, "here it forks");
        let mut clients =
            [StateAfter::No, StateAfter::Stable].map(|state_after| Client::new(&alice, limit, state_after));
        clients.iter_mut().for_each(|client| client.sync(&world));

        world.set(&alice, &id, "m.room.topic", "", &json!({"topic": "one side"})).expect("sets");
        world.say(&alice, &id, "on this side");
        clients.iter_mut().for_each(|client| client.sync(&world));
        // The other side knows no topic, and the newest event is not all of the room.
        room.fork(&root, "m.room.name", &json!({"name": "the other side"}));
        clients.iter_mut().for_each(|client| client.sync(&world));
        room.fork(&root, "x.third", &json!({}));
        world.say(&alice, &id, "together again");
        clients.iter_mut().for_each(|client| client.sync(&world));

        let mut fresh = Client::new(&alice, limit, StateAfter::No);
        fresh.sync(&world);
        let mut all = history_before(&world, &alice, &id, None);
        all.sort_unstable();
        for client in clients.iter().chain([&fresh]) {
            let known = &client.rooms[&id];
            for kind in ["m.room.topic", "m.room.name", "x.third"] {
                assert!(
                    known.state.contains_key(&(kind.to_owned(), String::new())),
                    "{kind} with limit {limit}"
                );
            }
            assert_eq!(known.state, fresh.rooms[&id].state, "limit {limit}");
            let mut history = known.history.clone();
            history.sort_unstable();
            assert_eq!(history, all, "limit {limit}");
        }
    }
}
