//! What other servers tell of their users, over a server in memory that shares a room with one of them.

use std::{sync::Arc, time::Duration};

use kith_accounts::{Accounts, Appservices, Requester, Settings, TokenHash};
use kith_base::{Clock, Outgoing, Random, Tasks};
use kith_config::Config;
use kith_event::{
    SigningKey, VerifiedPdu,
    build::{Context, Draft, EventRef, build},
};
use kith_kv::memory::MemoryEngine;
use kith_peers::Peers;
use kith_rooms::{
    Parts, Rooms,
    create::{NewRoom, Preset},
    send::NewMessage,
};
use kith_store::{
    Options, Position, Store, UserSid, catalog,
    live::{PresenceRow, PresenceState},
    tables::receipts::{MAIN_THREAD, RECEIPTS, ReceiptKind, UNTHREADED},
};
use ruma::{OwnedEventId, OwnedRoomId, UserId, events::StateEventType, owned_server_name, room_id, user_id};
use serde_json::json;

use crate::{Ephemeral, RemotePresence, RemoteReceipt};

const NOW_MS: u64 = 1_700_000_000_000;

/// One server with a room in which Alice, of this server, and Bob, of another, are.
struct World {
    clock: Clock,
    store: Arc<Store>,
    rooms: Arc<Rooms>,
    ephemeral: Arc<Ephemeral>,
    alice: Requester,
    room_id: OwnedRoomId,
}

fn bob() -> &'static UserId {
    user_id!("@bob:b.example")
}

impl World {
    fn new() -> Self {
        let engine = Arc::new(MemoryEngine::new(&catalog::specs()));
        let store = Store::open(engine, Options::default()).expect("opens");
        let (clock, random, tasks) = (Clock::fixed(NOW_MS), Random::seeded(7), Tasks::new());
        let config = Arc::new(Config { server_name: "a.example".to_owned(), ..Config::default() });
        let server_name = owned_server_name!("a.example");
        let settings = Settings::new(server_name.clone(), &config).expect("the built-in mails are right");
        let accounts = Accounts::open(
            Arc::clone(&store),
            clock.clone(),
            random.clone(),
            settings,
            Appservices::default(),
        );
        let signing_key = Arc::new(SigningKey::generate([7; 32], "1").expect("a key"));
        let peers = Peers::new(kith_peers::Parts {
            outgoing: Outgoing::unconnected(),
            store: Arc::clone(&store),
            config: Arc::clone(&config),
            clock: clock.clone(),
            random: random.clone(),
            tasks: tasks.clone(),
            server_name: server_name.clone(),
            signing_key: Arc::clone(&signing_key),
            other_keys: Arc::default(),
        });
        let rooms = Rooms::new(Parts {
            store: Arc::clone(&store),
            accounts: accounts.expect("opens"),
            peers: peers.expect("opens"),
            tasks: tasks.clone(),
            config: Arc::clone(&config),
            clock: clock.clone(),
            random,
            server_name,
            signing_key,
        });
        let ephemeral = Ephemeral::new(Arc::clone(&store), Arc::clone(&rooms), clock.clone(), config);
        let alice = requester(&store, user_id!("@alice:a.example"));
        let new = NewRoom { preset: Some(Preset::PublicChat), ..NewRoom::default() };
        let room_id = rooms.create_room(&alice, new).expect("creates");
        let world = Self { clock, store, rooms, ephemeral, alice, room_id };
        world.let_in(bob());
        world
    }

    /// Takes in the join of another server's user.
    fn let_in(&self, user: &UserId) {
        let room = self.rooms.room(&self.room_id).expect("reads").expect("exists");
        let state = self.rooms.current_state(room.sid).expect("reads");
        let mut auth_events = Vec::new();
        for kind in [StateEventType::RoomPowerLevels, StateEventType::RoomJoinRules] {
            auth_events.push(EventRef::from(&state.get(&kind, "").expect("reads").expect("is set")));
        }
        let newest = self.rooms.heads(room.sid).expect("reads").extremities[0];
        let newest = self.rooms.pdu(newest).expect("is stored");
        let context = Context {
            room_version: room.version,
            room_id: Some(&self.room_id),
            prev_events: vec![EventRef::from(&newest)],
            auth_events,
            depth: newest.depth() + 1,
            sender: user,
            origin_server_ts: NOW_MS,
            server_name: user.server_name(),
            key: self.rooms.signing_key(),
        };
        let content = json!({ "membership": "join" });
        let draft = Draft::state_of("m.room.member".into(), user.as_str(), &content).expect("a draft");
        let pdu = build(draft, &context).expect("builds");
        self.rooms.ingest(VerifiedPdu::of_own(pdu)).expect("takes it in");
    }

    fn say(&self, text: &str) -> OwnedEventId {
        let content = serde_json::value::to_raw_value(&json!({ "msgtype": "m.text", "body": text }));
        let message = NewMessage {
            kind: "m.room.message".into(),
            content: content.expect("JSON"),
            transaction_id: None,
            timestamp_ms: None,
            sticky_ms: None,
        };
        self.rooms.send_message(&self.alice, &self.room_id, message).expect("sends")
    }

    fn user(&self, user_id: &UserId) -> UserSid {
        self.store.ids().user(user_id).expect("interns")
    }

    fn typing(&self) -> Vec<UserSid> {
        let room = self.store.ids().room(&self.room_id).expect("interns");
        self.store.live().typing(room).unwrap_or_default().until_ms.into_keys().collect()
    }

    fn receive_receipt(&self, user_id: &UserId, event_ids: &[&OwnedEventId], thread: Option<&str>) {
        let receipt = RemoteReceipt {
            room_id: self.room_id.clone(),
            user_id: user_id.to_owned(),
            event_ids: event_ids.iter().map(|event_id| (*event_id).clone()).collect(),
            thread_id: thread.map(str::to_owned),
            at_ms: Some(NOW_MS + 1_000_000),
        };
        self.ephemeral.receive_receipts(&[receipt]).expect("receives");
    }

    /// Up to which event a user has read, and when.
    fn receipt(&self, user_id: &UserId, thread: &str) -> Option<(OwnedEventId, u64)> {
        let room = self.store.ids().room(&self.room_id).expect("interns");
        let key = (room, self.user(user_id), ReceiptKind::Public as u8, thread.to_owned());
        let record = RECEIPTS.get(self.store.engine(), &key).expect("reads")?;
        Some((self.store.ids().event_id(record.event).expect("is known"), record.timestamp_ms))
    }

    fn receive_presence(&self, user_id: &UserId, state: PresenceState) {
        let update = RemotePresence {
            user_id: user_id.to_owned(),
            state,
            status: Some("hello".to_owned()),
            last_active_ago_ms: 5_000,
            currently_active: state == PresenceState::Online,
        };
        self.ephemeral.receive_presence(vec![update]).expect("receives");
    }

    fn presence(&self, user_id: &UserId) -> Option<PresenceRow> {
        self.store.live().presence(self.user(user_id))
    }
}

fn requester(store: &Store, user_id: &UserId) -> Requester {
    Requester {
        user: store.ids().user(user_id).expect("interns"),
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

#[test]
fn members_of_other_servers_type_and_cease_or_are_taken_to() {
    let world = World::new();
    let typing = |user_id, typing| {
        world.ephemeral.receive_typing(&world.room_id, user_id, typing).expect("receives");
    };
    typing(bob(), true);
    assert_eq!(world.typing(), [world.user(bob())]);
    typing(bob(), false);
    assert_eq!(world.typing(), []);
    typing(bob(), true);
    world.clock.advance(Duration::from_secs(61));
    world.ephemeral.expire_typing();
    assert_eq!(world.typing(), []);
}

#[test]
fn who_is_not_in_the_room_neither_types_nor_reads() {
    let world = World::new();
    let stranger = user_id!("@stranger:b.example");
    let said = world.say("hello");
    world.ephemeral.receive_typing(&world.room_id, stranger, true).expect("receives");
    world.ephemeral.receive_typing(room_id!("!elsewhere:b.example"), bob(), true).expect("receives");
    assert_eq!(world.typing(), []);
    world.receive_receipt(stranger, &[&said], None);
    assert_eq!(world.receipt(stranger, UNTHREADED), None);
}

#[test]
fn receipts_move_forward_to_events_that_are_known() {
    let world = World::new();
    let (first, second) = (world.say("first"), world.say("second"));
    let unknown = OwnedEventId::try_from("$unknown:b.example").expect("an event id");
    world.receive_receipt(bob(), &[&unknown], None);
    assert_eq!(world.receipt(bob(), UNTHREADED), None);
    // What lies in the future was sent now.
    world.receive_receipt(bob(), &[&unknown, &second, &first], None);
    assert_eq!(world.receipt(bob(), UNTHREADED), Some((second.clone(), NOW_MS)));
    world.receive_receipt(bob(), &[&first], None);
    assert_eq!(world.receipt(bob(), UNTHREADED).map(|(event_id, _)| event_id), Some(second));
    world.receive_receipt(bob(), &[&first], Some("main"));
    assert_eq!(world.receipt(bob(), MAIN_THREAD).map(|(event_id, _)| event_id), Some(first.clone()));
    world.receive_receipt(bob(), &[&first], Some("nonsense"));
    assert_eq!(world.receipt(bob(), "nonsense"), None);
}

#[test]
fn presence_is_kept_of_those_who_share_a_room_and_goes_out_of_date() {
    let world = World::new();
    let stranger = user_id!("@stranger:b.example");
    world.user(stranger);
    world.receive_presence(stranger, PresenceState::Online);
    assert_eq!(world.presence(stranger), None);

    world.receive_presence(bob(), PresenceState::Online);
    let row = world.presence(bob()).expect("is known");
    assert_eq!(
        (row.state, row.last_active_ms, row.currently_active),
        (PresenceState::Online, NOW_MS - 5_000, true)
    );
    assert!(row.position > Position::START);
    // The same once more is no news.
    world.receive_presence(bob(), PresenceState::Online);
    assert_eq!(world.presence(bob()).map(|row| row.position), Some(row.position));
    // Two minutes without a sync would take a user of this server offline.
    world.clock.advance(Duration::from_secs(120));
    world.ephemeral.expire_presence();
    assert_eq!(world.presence(bob()).map(|row| row.state), Some(PresenceState::Online));
    world.clock.advance(Duration::from_secs(31 * 60));
    world.ephemeral.expire_presence();
    let gone = world.presence(bob()).expect("is known");
    assert_eq!((gone.state, gone.currently_active), (PresenceState::Offline, false));
    assert!(gone.position > row.position);
    world.clock.advance(Duration::from_secs(60 * 60));
    world.ephemeral.expire_presence();
    assert_eq!(world.presence(bob()), None);
}
