//! Whatever happens, and whenever a client asks: from one answer to the next it comes to know what a client knows that
//! starts at the end.

use kith_accounts::Requester;
use kith_rooms::{create::Preset, membership::Joining};
use kith_store::tables::receipts::ReceiptKind;
use proptest::prelude::*;
use ruma::{OwnedEventId, OwnedRoomId};
use serde_json::{Value, json};

use super::{
    client::{Client, history_before},
    world::World,
};
use crate::StateAfter;

const USERS: usize = 3;
const ROOMS: usize = 3;

/// Something that happens. Users, rooms and events are given by number; what is forbidden does not happen.
#[derive(Clone, Debug)]
enum Act {
    Create {
        user: usize,
        preset: usize,
        visibility: usize,
    },
    Join {
        user: usize,
        room: usize,
    },
    Leave {
        user: usize,
        room: usize,
    },
    Forget {
        user: usize,
        room: usize,
    },
    Knock {
        user: usize,
        room: usize,
    },
    Invite {
        user: usize,
        target: usize,
        room: usize,
    },
    Kick {
        user: usize,
        target: usize,
        room: usize,
    },
    Ban {
        user: usize,
        target: usize,
        room: usize,
    },
    Unban {
        user: usize,
        target: usize,
        room: usize,
    },
    Say {
        user: usize,
        room: usize,
    },
    Topic {
        user: usize,
        room: usize,
        topic: u8,
    },
    Rename {
        user: usize,
        room: usize,
        name: u8,
    },
    Redact {
        user: usize,
        event: usize,
    },
    Receipt {
        user: usize,
        event: usize,
        private: bool,
    },
    AccountData {
        user: usize,
        room: Option<usize>,
        value: u8,
    },
    /// A client asks.
    Sync {
        client: usize,
    },
    Restart,
}

fn act() -> impl Strategy<Value = Act> {
    let both = || (0..USERS, 0..ROOMS);
    let three = || (0..USERS, 0..USERS, 0..ROOMS);
    prop_oneof![
        2 => (0..USERS, 0..3_usize, 0..4_usize)
            .prop_map(|(user, preset, visibility)| Act::Create { user, preset, visibility }),
        6 => both().prop_map(|(user, room)| Act::Join { user, room }),
        3 => both().prop_map(|(user, room)| Act::Leave { user, room }),
        1 => both().prop_map(|(user, room)| Act::Forget { user, room }),
        1 => both().prop_map(|(user, room)| Act::Knock { user, room }),
        3 => three().prop_map(|(user, target, room)| Act::Invite { user, target, room }),
        1 => three().prop_map(|(user, target, room)| Act::Kick { user, target, room }),
        1 => three().prop_map(|(user, target, room)| Act::Ban { user, target, room }),
        1 => three().prop_map(|(user, target, room)| Act::Unban { user, target, room }),
        8 => both().prop_map(|(user, room)| Act::Say { user, room }),
        3 => (0..USERS, 0..ROOMS, 0..3_u8).prop_map(|(user, room, topic)| Act::Topic { user, room, topic }),
        2 => (0..USERS, 0..ROOMS, 0..3_u8).prop_map(|(user, room, name)| Act::Rename { user, room, name }),
        1 => (0..USERS, 0..50_usize).prop_map(|(user, event)| Act::Redact { user, event }),
        2 => (0..USERS, 0..50_usize, any::<bool>())
            .prop_map(|(user, event, private)| Act::Receipt { user, event, private }),
        2 => (0..USERS, proptest::option::of(0..ROOMS), any::<u8>())
            .prop_map(|(user, room, value)| Act::AccountData { user, room, value }),
        8 => (0..USERS * 2).prop_map(|client| Act::Sync { client }),
        1 => Just(Act::Restart),
    ]
}

struct Story {
    users: Vec<Requester>,
    rooms: Vec<OwnedRoomId>,
    events: Vec<(OwnedRoomId, OwnedEventId)>,
}

impl Story {
    /// Lets something happen that is not about the clients. Errors are the rules at work.
    fn happen(&mut self, world: &World, act: &Act) {
        let user = |user: &usize| &self.users[*user];
        let count = self.rooms.len();
        let room = |room: &usize| &self.rooms[*room % count];
        let rooms = &world.rooms;
        match act {
            Act::Create { user, preset, visibility } if count < ROOMS => {
                self.create(world, *user, *preset, *visibility);
            }
            Act::Join { user: who, room: at } => drop(rooms.join(user(who), room(at), Joining::default())),
            Act::Leave { user: who, room: at } => drop(rooms.leave(user(who), room(at), None)),
            Act::Forget { user: who, room: at } => drop(rooms.forget(user(who), room(at))),
            Act::Knock { user: who, room: at } => drop(rooms.knock(user(who), room(at), None)),
            Act::Invite { user: who, target, room: at } => {
                drop(rooms.invite(user(who), room(at), &user(target).user_id, None));
            }
            Act::Kick { user: who, target, room: at } => {
                drop(rooms.kick(user(who), room(at), &user(target).user_id, None));
            }
            Act::Ban { user: who, target, room: at } => {
                drop(rooms.ban(user(who), room(at), &user(target).user_id, None));
            }
            Act::Unban { user: who, target, room: at } => {
                drop(rooms.unban(user(who), room(at), &user(target).user_id, None));
            }
            Act::Say { user: who, room: at } => {
                let content = json!({"msgtype": "m.text", "body": "…"});
                if let Ok(event) = world.send(user(who), room(at), "m.room.message", &content) {
                    let room = room(at).clone();
                    self.events.push((room, event));
                }
            }
            Act::Topic { user: who, room: at, topic } => {
                drop(world.set(
                    user(who),
                    room(at),
                    "m.room.topic",
                    "",
                    &json!({"topic": topic.to_string()}),
                ));
            }
            Act::Rename { user: who, room: at, name } => {
                let content = json!({"membership": "join", "displayname": name.to_string()});
                let key = user(who).user_id.to_string();
                drop(world.set(user(who), room(at), "m.room.member", &key, &content));
            }
            Act::Redact { user: who, event } => {
                if let Some((at, event)) = self.events.get(*event) {
                    drop(rooms.redact(user(who), at, event, None, None));
                }
            }
            Act::Receipt { user: who, event, private } => {
                let kind = if *private { ReceiptKind::Private } else { ReceiptKind::Public };
                if let Some((at, event)) = self.events.get(*event) {
                    world.receipt(user(who), at, event, kind, "");
                }
            }
            Act::AccountData { user: who, room: at, value } => {
                world.account_data(
                    user(who),
                    at.as_ref().map(|at| &**room(at)),
                    "x.data",
                    &json!({"v": value}),
                );
            }
            Act::Create { .. } | Act::Sync { .. } | Act::Restart => {}
        }
    }

    fn create(&mut self, world: &World, user: usize, preset: usize, visibility: usize) {
        let preset = [Preset::PublicChat, Preset::PrivateChat, Preset::PublicChat][preset];
        let visibility = ["shared", "joined", "invited", "world_readable"][visibility];
        let content: Value = json!({"history_visibility": visibility});
        let state = [("m.room.history_visibility", content)];
        self.rooms.push(world.room_with(&self.users[user], preset, &state));
    }
}

fn check(acts: &[Act]) {
    let mut world = World::new();
    let users: Vec<Requester> = ["alice", "bob", "carol"].map(|name| world.user(name)).into();
    // Of each user's two clients one is chatty and modern, the other asks for little and is old-fashioned.
    let mut clients: Vec<Client> = Vec::new();
    for user in &users {
        clients.push(Client::new(user, 2, StateAfter::No));
        clients.push(Client::new(user, 20, StateAfter::Stable));
    }
    let mut story = Story { users, rooms: Vec::new(), events: Vec::new() };
    story.create(&world, 0, 0, 0);
    for act in acts {
        match act {
            Act::Sync { client } => clients[*client].sync(&world),
            Act::Restart => world = world.restarted(),
            act => story.happen(&world, act),
        }
    }
    for client in &mut clients {
        client.sync(&world);
    }
    for (at, user) in story.users.iter().enumerate() {
        let mut fresh = Client::new(user, 3, StateAfter::No);
        fresh.sync(&world);
        for client in &clients[at * 2..at * 2 + 2] {
            assert_eq!(client.account_data, fresh.account_data, "account data of {}", user.user_id);
            let (known, real) = (client.current(), fresh.current());
            let names = |rooms: &std::collections::BTreeMap<&OwnedRoomId, &super::client::ClientRoom>| {
                rooms.iter().map(|(id, room)| ((*id).clone(), room.membership)).collect::<Vec<_>>()
            };
            assert_eq!(names(&known), names(&real), "rooms of {}", user.user_id);
            for (room_id, room) in known {
                let real = real[room_id];
                assert_eq!(room.outside_state, real.outside_state, "stripped state for {}", user.user_id);
                if room.membership != "join" {
                    continue;
                }
                assert_eq!(room.state, real.state, "state for {}", user.user_id);
                assert_eq!(room.account_data, real.account_data, "room account data of {}", user.user_id);
                for (key, event) in &real.receipts {
                    assert_eq!(room.receipts.get(key), Some(event), "receipt {key:?} for {}", user.user_id);
                }
                let all = history_before(&world, user, room_id, None);
                assert_eq!(room.history, all, "history for {}", user.user_id);
                assert_eq!(real.history, all, "history for a client of {} that starts", user.user_id);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_answer_after_the_other_tells_everything(acts in proptest::collection::vec(act(), 10..90)) {
        check(&acts);
    }
}
