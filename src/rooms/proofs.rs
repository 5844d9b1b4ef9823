//! The writing side through its public verbs, over an engine in memory. After every test `check` must be clean.

mod aliases;
mod create;
mod forks;
mod handover;
mod membership;
mod network;
mod partial;
mod receive;
mod repair;
mod send;
mod serving;
mod sticky;
mod upgrade;

use std::sync::Arc;

use kith_accounts::{Accounts, Appservices, Requester, Settings, TokenHash};
use kith_base::{Clock, Outgoing, OutgoingOptions, Random, Tasks, outgoing::Transport};
use kith_config::Config;
use kith_event::{Pdu, SigningKey};
use kith_kv::memory::MemoryEngine;
use kith_store::{Engine, Options, Store, catalog, tables::members::Membership};
use ruma::{
    EventId, OwnedEventId, OwnedRoomId, OwnedServerName, RoomId, ServerName, UserId, events::StateEventType,
};
use serde_json::{Value, json, value::RawValue};

use self::network::Network;
use crate::{
    Parts, Rooms,
    create::{InitialState, NewRoom, Preset},
    membership::Joining,
    send::{NewMessage, NewState, SendError},
};

/// One server with its rooms.
struct World {
    name: OwnedServerName,
    engine: Arc<dyn Engine>,
    clock: Clock,
    rooms: Arc<Rooms>,
}

impl World {
    fn new() -> Self {
        Self::named("a.example")
    }

    fn named(name: &str) -> Self {
        let name = ServerName::parse(name).expect("a server name");
        Self::over(name, Arc::new(MemoryEngine::new(&catalog::specs())), Outgoing::unconnected())
    }

    /// A server that others on this network reach under its name.
    fn within(network: &Arc<Network>, name: &str) -> Self {
        let options = OutgoingOptions {
            request_timeout_ms: 10_000,
            response_bytes_max: 16 << 20,
            ..OutgoingOptions::default()
        };
        let outgoing = Outgoing::over(Arc::clone(network) as Arc<dyn Transport>, &options);
        let server_name = ServerName::parse(name).expect("a server name");
        let world = Self::over(server_name, Arc::new(MemoryEngine::new(&catalog::specs())), outgoing);
        network.enter(name, &world.rooms);
        world
    }

    fn over(name: OwnedServerName, engine: Arc<dyn Engine>, outgoing: Outgoing) -> Self {
        let (clock, random) = (Clock::fixed(1_700_000_000_000), Random::seeded(7));
        let config = Arc::new(Config { server_name: name.to_string(), ..Config::default() });
        let server_name = name.clone();
        let store = Store::open(Arc::clone(&engine), Options::default()).expect("opens");
        let settings = Settings::new(server_name.clone(), &config).expect("the built-in mails are right");
        let accounts = Accounts::open(
            Arc::clone(&store),
            clock.clone(),
            random.clone(),
            settings,
            Appservices::default(),
        )
        .expect("opens");
        let signing_key = Arc::new(SigningKey::generate(seed_of(&name), "1").expect("a key"));
        let tasks = Tasks::new();
        let peers = kith_peers::Peers::new(kith_peers::Parts {
            outgoing,
            store: Arc::clone(&store),
            config: Arc::clone(&config),
            clock: clock.clone(),
            random: random.clone(),
            tasks: tasks.clone(),
            server_name: server_name.clone(),
            signing_key: Arc::clone(&signing_key),
            other_keys: Arc::default(),
        })
        .expect("opens");
        let clock_of_rooms = clock.clone();
        let parts = Parts {
            store,
            accounts,
            peers,
            tasks,
            config,
            clock: clock_of_rooms,
            random,
            server_name,
            signing_key,
        };
        Self { name, engine, clock, rooms: Rooms::new(parts) }
    }

    /// The same data, opened again.
    fn reopen(self) -> Self {
        let Self { name, engine, clock, rooms } = self;
        drop(rooms);
        let world = Self::over(name, engine, Outgoing::unconnected());
        world.clock.advance(std::time::Duration::from_millis(clock.now_ms() - world.clock.now_ms()));
        world
    }

    fn user(&self, localpart: &str) -> Requester {
        let user_id = UserId::parse(format!("@{localpart}:{}", self.name)).expect("a user id");
        self.requester(&user_id)
    }

    fn requester(&self, user_id: &UserId) -> Requester {
        Requester {
            user: self.rooms.store.ids().user(user_id).expect("interns"),
            user_id: user_id.to_owned(),
            device_id: Some("DEVICE".into()),
            token: TokenHash::of("token"),
            guest: false,
            admin: false,
            suspended: false,
            locked: false,
            appservice: None,
            rate_limit_override: None,
        }
    }

    fn create(&self, creator: &Requester, new: NewRoom) -> OwnedRoomId {
        self.rooms.create_room(creator, new).expect("creates")
    }

    fn public_room(&self, creator: &Requester) -> OwnedRoomId {
        self.create(creator, NewRoom { preset: Some(Preset::PublicChat), ..NewRoom::default() })
    }

    fn join(&self, user: &Requester, room: &RoomId) {
        self.rooms.join(user, room, Joining::default()).expect("joins");
    }

    fn say(&self, user: &Requester, room: &RoomId, text: &str) -> OwnedEventId {
        self.send(user, room, "m.room.message", json!({ "msgtype": "m.text", "body": text })).expect("sends")
    }

    fn send(
        &self,
        user: &Requester,
        room: &RoomId,
        kind: &str,
        content: Value,
    ) -> Result<OwnedEventId, SendError> {
        self.clock.advance(std::time::Duration::from_millis(1));
        let message = NewMessage {
            kind: kind.into(),
            content: raw(&content),
            transaction_id: None,
            timestamp_ms: None,
            sticky_ms: None,
        };
        self.rooms.send_message(user, room, message)
    }

    fn set(
        &self,
        user: &Requester,
        room: &RoomId,
        kind: &str,
        state_key: &str,
        content: Value,
    ) -> Result<OwnedEventId, SendError> {
        self.clock.advance(std::time::Duration::from_millis(1));
        let state = NewState {
            kind: kind.into(),
            state_key: state_key.to_owned(),
            content: raw(&content),
            timestamp_ms: None,
        };
        self.rooms.send_state(user, room, state)
    }

    fn state(&self, room: &RoomId, kind: &str, state_key: &str) -> Option<Pdu> {
        let room = self.rooms.room(room).expect("reads").expect("known").sid;
        let state = self.rooms.current_state(room).expect("reads");
        state.get(&StateEventType::from(kind), state_key).expect("reads")
    }

    fn state_content(&self, room: &RoomId, kind: &str, state_key: &str) -> Value {
        self.state(room, kind, state_key).map_or(Value::Null, |pdu| pdu.content_as().expect("an object"))
    }

    fn membership(&self, user: &Requester, room: &RoomId) -> Option<Membership> {
        let room = self.rooms.store.ids().find_room(room).expect("reads")?;
        self.rooms.membership(user.user, room).expect("reads")
    }

    fn pdu(&self, event_id: &EventId) -> Pdu {
        self.rooms.find_event(event_id).expect("reads").expect("stored").1
    }

    /// Everything that `kith check` finds.
    fn findings(&self) -> Vec<String> {
        let checked = self.rooms.check().expect("checks");
        checked.findings.into_iter().map(|finding| format!("{}: {}", finding.place, finding.what)).collect()
    }

    #[track_caller]
    fn assert_sound(&self) {
        assert_eq!(self.findings(), [""; 0]);
    }
}

/// Every server has a key of its own.
fn seed_of(name: &ServerName) -> [u8; 32] {
    let mut seed = [7; 32];
    for (byte, of_name) in seed.iter_mut().zip(name.as_str().bytes()) {
        *byte = of_name;
    }
    seed
}

fn raw(value: &Value) -> Box<RawValue> {
    RawValue::from_string(value.to_string()).expect("JSON")
}

fn initial(kind: &str, content: Value) -> InitialState {
    InitialState { kind: kind.to_owned(), state_key: String::new(), content: raw(&content) }
}
