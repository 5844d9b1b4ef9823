//! One server in memory with a user, Alice, rooms, members of other servers, and a network that is none.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use kith_accounts::{Accounts, Appservices, Requester, Settings, TokenHash};
use kith_base::{Clock, Outgoing, Random, Tasks};
use kith_config::Config;
use kith_event::{
    Pdu, RoomVersion, SigningKey, VerifiedPdu,
    build::{Context, Draft, EventRef, build},
    parse_pdu,
};
use kith_kv::memory::MemoryEngine;
use kith_peers::Peers;
use kith_rooms::{
    Rooms,
    create::{NewRoom, Preset},
    send::{NewMessage, NewState},
};
use kith_store::{
    ChangeKind, Direction, Engine, Options, ServerSid, Store, catalog,
    live::{PresenceRow, PresenceState},
    tables::{
        destinations::{OWED_EVENTS, RELAYS},
        outbox::{self, OUTBOX, OutgoingEdu},
        receipts::{RECEIPT_STREAM, RECEIPTS, ReceiptKind, ReceiptMove, ReceiptRecord},
    },
};
use parking_lot::Mutex;
use ruma::{
    OwnedRoomId, OwnedServerName, RoomId, ServerName, UserId, events::StateEventType, owned_server_name,
    user_id,
};
use serde_json::{Value, json, value::to_raw_value};
use tokio::sync::{Notify, broadcast};

use crate::{
    courier::{Courier, Delivery},
    sender::{Sender, SenderParts},
};

/// How long a test waits for what must happen, in turns of a few milliseconds.
const TURNS: usize = 4_000;

/// What becomes of transactions to one server.
#[derive(Clone, Debug, Default)]
enum Road {
    #[default]
    Open,
    Shut,
    /// Transactions arrive, the answers do not.
    LosesAnswers,
    /// Transactions with this text are refused.
    Refuses(String),
    /// Transactions arrive once the road is open.
    Holds,
}

/// The network that is none.
pub(super) struct Network {
    roads: Mutex<HashMap<String, Road>>,
    attempts: Mutex<Vec<(String, String, Value)>>,
    carried: Mutex<Vec<(String, Value)>>,
    changed: Notify,
    returns: broadcast::Sender<OwnedServerName>,
}

impl Courier for Network {
    fn carry<'a>(&'a self, server: &'a ServerName, id: &'a str, body: String) -> BoxFuture<'a, Delivery> {
        Box::pin(async move {
            let value: Value = serde_json::from_str(&body).expect("JSON");
            self.attempts.lock().push((server.to_string(), id.to_owned(), value.clone()));
            loop {
                let changed = self.changed.notified();
                let road = self.roads.lock().get(server.as_str()).cloned().unwrap_or_default();
                return match road {
                    Road::Holds => {
                        changed.await;
                        continue;
                    }
                    Road::Refuses(text) if body.contains(&text) => Delivery::Refused("no".to_owned()),
                    Road::Open | Road::Refuses(_) => {
                        self.carried.lock().push((server.to_string(), value));
                        Delivery::Acknowledged
                    }
                    Road::Shut | Road::LosesAnswers => {
                        Delivery::Failed { retry_at_ms: Some(u64::MAX / 2), reason: "away".to_owned() }
                    }
                };
            }
        })
    }

    fn returns(&self) -> broadcast::Receiver<OwnedServerName> {
        self.returns.subscribe()
    }
}

impl Network {
    fn set(&self, server: &str, road: Road) {
        self.roads.lock().insert(server.to_owned(), road);
        self.changed.notify_waiters();
    }

    pub(super) fn shut(&self, server: &str) {
        self.set(server, Road::Shut);
    }

    pub(super) fn lose_answers(&self, server: &str) {
        self.set(server, Road::LosesAnswers);
    }

    pub(super) fn refuse(&self, server: &str, text: &str) {
        self.set(server, Road::Refuses(text.to_owned()));
    }

    pub(super) fn hold(&self, server: &str) {
        self.set(server, Road::Holds);
    }

    /// Opens the road, and lets the server be heard from.
    pub(super) fn open(&self, server: &str) {
        self.set(server, Road::Open);
        let server = ServerName::parse(server).expect("a server name");
        // Nobody listens between two runs.
        let _listeners = self.returns.send(server);
    }

    /// What was tried to carry to a server: ids and bodies.
    pub(super) fn attempts(&self, server: &str) -> Vec<(String, Value)> {
        let attempts = self.attempts.lock();
        let to = attempts.iter().filter(|(to, ..)| to == server);
        to.map(|(_, id, body)| (id.clone(), body.clone())).collect()
    }

    /// What a server got.
    pub(super) fn carried(&self, server: &str) -> Vec<Value> {
        let carried = self.carried.lock();
        carried.iter().filter(|(to, _)| to == server).map(|(_, body)| body.clone()).collect()
    }
}

pub(super) struct World {
    engine: Arc<dyn Engine>,
    tasks: Tasks,
    rooms: Arc<Rooms>,
    sender: Arc<Sender>,
    alice: Requester,
    pub(super) network: Arc<Network>,
}

/// Each start must be random in its own way, or ids would repeat.
static STARTS: AtomicU64 = AtomicU64::new(1);

impl World {
    pub(super) async fn new() -> Self {
        let network = Arc::new(Network {
            roads: Mutex::default(),
            attempts: Mutex::default(),
            carried: Mutex::default(),
            changed: Notify::new(),
            returns: broadcast::channel(16).0,
        });
        let world = Self::over(Arc::new(MemoryEngine::new(&catalog::specs())), network);
        world.until_idle().await;
        world
    }

    /// Stops, and starts again on the same data.
    pub(super) async fn restart(self) -> Self {
        self.stop().await;
        let Self { engine, network, .. } = self;
        let world = Self::over(engine, network);
        world.until_idle().await;
        world
    }

    /// Stops delivering.
    pub(super) async fn stop(&self) {
        assert!(self.tasks.stop(Duration::from_secs(10)).await);
    }

    fn over(engine: Arc<dyn Engine>, network: Arc<Network>) -> Self {
        let store = Store::open(Arc::clone(&engine), Options::default()).expect("opens");
        let (clock, tasks) = (Clock::system(), Tasks::new());
        let random = Random::seeded(STARTS.fetch_add(1, Ordering::Relaxed));
        let config = Arc::new(Config { server_name: "a.example".to_owned(), ..Config::default() });
        let server_name = owned_server_name!("a.example");
        let settings = Settings::new(server_name.clone(), &config).expect("the built-in mails are right");
        let appservices = Appservices::default();
        let accounts =
            Accounts::open(Arc::clone(&store), clock.clone(), random.clone(), settings, appservices);
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
        let rooms = Rooms::new(kith_rooms::Parts {
            store: Arc::clone(&store),
            accounts: accounts.expect("opens"),
            peers: peers.expect("opens"),
            tasks: tasks.clone(),
            config: Arc::clone(&config),
            clock: clock.clone(),
            random: random.clone(),
            server_name,
            signing_key,
        });
        let alice = requester(&store, user_id!("@alice:a.example"));
        let sender = Sender::new(SenderParts {
            store,
            rooms: Arc::clone(&rooms),
            config,
            clock,
            random,
            tasks: tasks.clone(),
            courier: Arc::clone(&network) as Arc<dyn Courier>,
        });
        let sender = sender.expect("opens");
        sender.start();
        Self { engine, tasks, rooms, sender, alice, network }
    }

    pub(super) fn store(&self) -> &Store {
        &self.sender.store
    }

    pub(super) fn server(&self, server: &str) -> ServerSid {
        let server = ServerName::parse(server).expect("a server name");
        self.store().ids().server(&server).expect("interns")
    }

    pub(super) fn room(&self) -> OwnedRoomId {
        let new = NewRoom { preset: Some(Preset::PublicChat), ..NewRoom::default() };
        self.rooms.create_room(&self.alice, new).expect("creates")
    }

    /// Takes in the join of another server's user, as it arrives in a transaction.
    pub(super) fn let_in(&self, room_id: &RoomId, user: &str) -> String {
        let pdu = self.join_of(room_id, user);
        let event_id = pdu.event_id().to_string();
        self.rooms.ingest(VerifiedPdu::of_own(pdu)).expect("takes it in");
        event_id
    }

    /// Takes in a join that was handed in here, so that this server tells the others.
    pub(super) fn hand_in(&self, room_id: &RoomId, user: &str) -> String {
        let pdu = self.join_of(room_id, user);
        let event = self.store().ids().event(pdu.event_id()).expect("interns");
        let mut txn = self.store().begin();
        RELAYS.put(&mut txn.batch, &event, &());
        self.store().commit_durably(txn).expect("commits");
        let event_id = pdu.event_id().to_string();
        self.rooms.ingest(VerifiedPdu::of_own(pdu)).expect("takes it in");
        event_id
    }

    fn join_of(&self, room_id: &RoomId, user: &str) -> Pdu {
        let user = UserId::parse(user).expect("a user id");
        let room = self.rooms.room(room_id).expect("reads").expect("exists");
        let state = self.rooms.current_state(room.sid).expect("reads");
        let mut auth_events = Vec::new();
        for kind in [StateEventType::RoomPowerLevels, StateEventType::RoomJoinRules] {
            auth_events.push(EventRef::from(&state.get(&kind, "").expect("reads").expect("is set")));
        }
        let newest = self.rooms.heads(room.sid).expect("reads").extremities[0];
        let newest = self.rooms.pdu(newest).expect("is stored");
        let context = Context {
            room_version: room.version,
            room_id: Some(room_id),
            prev_events: vec![EventRef::from(&newest)],
            auth_events,
            depth: newest.depth() + 1,
            sender: &user,
            origin_server_ts: self.sender.clock.now_ms(),
            server_name: user.server_name(),
            key: self.rooms.signing_key(),
        };
        let content = json!({ "membership": "join" });
        let draft = Draft::state_of("m.room.member".into(), user.as_str(), &content).expect("a draft");
        build(draft, &context).expect("builds")
    }

    pub(super) fn say(&self, room_id: &RoomId, text: &str) -> String {
        let content = to_raw_value(&json!({ "msgtype": "m.text", "body": text })).expect("JSON");
        let message = NewMessage {
            kind: "m.room.message".into(),
            content,
            transaction_id: None,
            timestamp_ms: None,
            sticky_ms: None,
        };
        self.rooms.send_message(&self.alice, room_id, message).expect("sends").to_string()
    }

    pub(super) fn set(&self, room_id: &RoomId, kind: &str, state_key: &str, content: Value) -> String {
        let state = NewState {
            kind: kind.into(),
            state_key: state_key.to_owned(),
            content: to_raw_value(&content).expect("JSON"),
            timestamp_ms: None,
        };
        self.rooms.send_state(&self.alice, room_id, state).expect("sends").to_string()
    }

    /// Moves Alice's receipt, as the crate for receipts does.
    pub(super) fn read(&self, room_id: &RoomId, event_id: &str, kind: ReceiptKind, thread: &str) {
        let ids = self.store().ids();
        let room = ids.room(room_id).expect("interns");
        let event = ids.event(ruma::EventId::parse(event_id).expect("an id").as_ref()).expect("interns");
        let mut txn = self.store().begin();
        let position = txn.position().expect("allocates");
        let record = ReceiptRecord { event, event_position: position, timestamp_ms: 5, position };
        let key = (room, self.alice.user, kind as u8, thread.to_owned());
        RECEIPTS.put(&mut txn.batch, &key, &record);
        let moved = ReceiptMove { user: self.alice.user, kind, thread: thread.to_owned() };
        RECEIPT_STREAM.put(&mut txn.batch, &(room, position), &moved);
        let private = kind == ReceiptKind::Private;
        txn.change(position, ChangeKind::Receipt { room, user: self.alice.user, private });
        self.store().commit_durably(txn).expect("commits");
    }

    pub(super) fn type_(&self, room_id: &RoomId, typing: bool) {
        let room = self.store().ids().room(room_id).expect("interns");
        let mut txn = self.store().begin();
        let position = txn.position().expect("allocates");
        self.store().live().change_typing(room, |row| {
            row.position = position;
            row.until_ms.clear();
            row.until_ms.extend(typing.then_some((self.alice.user, u64::MAX)));
        });
        txn.change(position, ChangeKind::Typing { room });
        self.store().commit_durably(txn).expect("commits");
    }

    pub(super) fn appear(&self, state: PresenceState) {
        let mut txn = self.store().begin();
        let position = txn.position().expect("allocates");
        let row = PresenceRow {
            position,
            state,
            status: None,
            last_active_ms: 0,
            currently_active: false,
            told_ms: None,
        };
        self.store().live().set_presence(self.alice.user, row);
        txn.change(position, ChangeKind::Presence { user: self.alice.user });
        self.store().commit_durably(txn).expect("commits");
    }

    /// Whether a change of presence waits to be told.
    pub(super) fn presence_noted(&self) -> bool {
        !self.sender.happening.lock().presence.is_empty()
    }

    /// Tells of presence before its time.
    pub(super) fn tell_presence(&self) {
        let begin = self.sender.tell_presence().expect("tells");
        self.sender.begin(begin);
    }

    pub(super) fn put_in_outbox(&self, server: &str, edu_type: &str, content: Value) {
        let edu = OutgoingEdu { edu_type: edu_type.to_owned(), content: content.to_string() };
        let mut txn = self.store().begin();
        outbox::put(&mut txn, self.server(server), &edu).expect("allocates");
        self.store().commit_durably(txn).expect("commits");
    }

    pub(super) fn in_outbox(&self, server: &str) -> usize {
        OUTBOX.scan(self.store().engine(), &self.server(server), Direction::Forward).count()
    }

    pub(super) fn owed(&self, server: &str) -> usize {
        OWED_EVENTS.scan(self.store().engine(), &self.server(server), Direction::Forward).count()
    }

    /// How many things are kept in memory for a server.
    pub(super) fn memory_of(&self, server: &str) -> usize {
        let server = self.server(server);
        let mut destinations = self.sender.destinations.lock();
        destinations.get(server).map_or(0, |destination| {
            destination.queue.len() + destination.passing.typing.len() + destination.passing.presence.len()
        })
    }

    /// The events that a server got, in order.
    pub(super) fn told_events(&self, server: &str) -> Vec<String> {
        let carried = self.network.carried(server);
        let pdus = carried.iter().flat_map(|body| body["pdus"].as_array().cloned().unwrap_or_default());
        let version = RoomVersion::default_version();
        pdus.map(|pdu| parse_pdu(version, &pdu.to_string()).expect("an event").event_id().to_string())
            .collect()
    }

    /// The EDUs that a server got, in order.
    pub(super) fn told_edus(&self, server: &str) -> Vec<Value> {
        let carried = self.network.carried(server);
        carried.iter().flat_map(|body| body["edus"].as_array().cloned().unwrap_or_default()).collect()
    }

    pub(super) async fn until_told(&self, server: &str, event_id: &str) {
        self.until("told", || self.told_events(server).iter().any(|told| told == event_id)).await;
    }

    pub(super) async fn until_tried(&self, server: &str) {
        self.until("tried", || !self.network.attempts(server).is_empty()).await;
    }

    /// Waits until everything that happened has been looked at and nobody is delivering.
    pub(super) async fn until_idle(&self) {
        self.until("idle", || {
            let destinations = self.sender.destinations.lock();
            destinations.seen() >= self.store().visible() && !destinations.any_running()
        })
        .await;
    }

    pub(super) async fn until(&self, what: &str, happened: impl Fn() -> bool) {
        for _ in 0..TURNS {
            if happened() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("never {what}");
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
