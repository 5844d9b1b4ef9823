//! A server in memory with a user and a room, another server with a user in that room, and a network that says
//! whatever it is told to.

use std::{
    cell::Cell,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use kith_accounts::{Accounts, Appservices, Requester, Settings, TokenHash};
use kith_base::{
    Clock, Outgoing, OutgoingOptions, Random, Tasks,
    outgoing::{OutgoingError, OutgoingRequest, OutgoingStream, Reach, Transport},
};
use kith_config::Config;
use kith_event::{Pdu, RoomVersion, SigningKey, parse_pdu};
use kith_federation::{
    EduHandler, Federation, PresenceUpdate, ReceiptUpdate, Received, TransactionError, TypingUpdate,
};
use kith_kv::memory::MemoryEngine;
use kith_peers::Peers;
use kith_rooms::{
    Rooms,
    create::{NewRoom, Preset},
    resident::HandedIn,
    send::NewMessage,
};
use kith_store::{Error, Options, Store, catalog};
use parking_lot::Mutex;
use ruma::{OwnedRoomId, OwnedServerName, ServerName, UserId, owned_server_name, user_id};
use serde_json::{Value, json, value::RawValue};
use tokio::runtime::Runtime;

use crate::seal::{sealed, signed};

/// The other server.
pub(crate) const PEER: &str = "b.example:8448";
/// The other server's user.
pub(crate) const BOB: &str = "@bob:b.example:8448";
/// The time, which stands still.
pub(crate) const NOW_MS: u64 = 1_700_000_000_000;
const KEYS: &str = "/_matrix/key/v2/server";

type Answering = Box<dyn Fn(&str) -> Option<Vec<u8>> + Send>;

/// The network: it answers for every server.
pub(crate) struct Network {
    keys: Vec<u8>,
    answering: Mutex<Answering>,
}

impl Network {
    /// From now on this is what requests by their paths are answered with; nothing means that there is nothing.
    pub(crate) fn answer(&self, answering: impl Fn(&str) -> Option<Vec<u8>> + Send + 'static) {
        *self.answering.lock() = Box::new(answering);
    }
}

impl Transport for Network {
    fn send(
        &self,
        request: OutgoingRequest,
        _: Reach,
    ) -> BoxFuture<'_, Result<OutgoingStream, OutgoingError>> {
        let path = request.url.splitn(4, '/').nth(3).map(|path| format!("/{path}")).unwrap_or_default();
        let of_peer = || (path == KEYS && request.url.contains(PEER)).then(|| self.keys.clone());
        let answer = self.answering.lock().as_ref()(&path).or_else(of_peer);
        let status = if answer.is_some() { 200 } else { 404 };
        let body = Bytes::from(answer.unwrap_or_else(|| b"{}".to_vec()));
        let body = stream::iter([Ok(body)]).boxed();
        async move { Ok(OutgoingStream { status, headers: http::HeaderMap::new(), body }) }.boxed()
    }
}

/// Hears what EDUs say, and sees to it that nobody speaks for others.
#[derive(Default)]
struct Ears {
    heard: AtomicUsize,
}

impl Ears {
    fn hear(&self, user: &UserId) -> Result<(), Error> {
        assert_eq!(user.server_name(), PEER, "{user} is of another server");
        self.heard.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn hear_of(&self, origin: &ServerName, field: &str, content: &RawValue) -> Result<(), Error> {
        let content: Value = serde_json::from_str(content.get()).expect("is JSON");
        let user = UserId::parse(content[field].as_str().expect("is a text")).expect("is a user");
        assert_eq!(origin, PEER);
        self.hear(&user)
    }
}

impl EduHandler for Ears {
    fn typing(&self, update: TypingUpdate) -> Result<(), Error> {
        self.hear(&update.user_id)
    }
    fn receipts(&self, updates: Vec<ReceiptUpdate>) -> Result<(), Error> {
        updates.iter().try_for_each(|update| self.hear(&update.user_id))
    }
    fn presence(&self, updates: Vec<PresenceUpdate>) -> Result<(), Error> {
        updates.iter().try_for_each(|update| self.hear(&update.user_id))
    }
    fn direct_to_device(&self, origin: &ServerName, content: &RawValue) -> Result<(), Error> {
        self.hear_of(origin, "sender", content)
    }
    fn device_list_update(&self, origin: &ServerName, content: &RawValue) -> Result<(), Error> {
        self.hear_of(origin, "user_id", content)
    }
    fn signing_key_update(&self, origin: &ServerName, content: &RawValue) -> Result<(), Error> {
        self.hear_of(origin, "user_id", content)
    }
}

/// All of it.
pub(crate) struct House {
    pub(crate) rooms: Arc<Rooms>,
    pub(crate) peers: Arc<Peers>,
    pub(crate) network: Arc<Network>,
    pub(crate) alice: Requester,
    /// The key of the other server.
    pub(crate) key: SigningKey,
    /// The room that alice and bob are in.
    pub(crate) room: OwnedRoomId,
    federation: Arc<Federation>,
    ears: Arc<Ears>,
    runtime: Runtime,
    count: Cell<u64>,
}

impl House {
    pub(crate) fn new() -> Self {
        let key = SigningKey::generate([9; 32], "1").unwrap();
        let keys = key_document(PEER, &key).to_string();
        let keys = signed(&keys, PEER, &key).unwrap().into_bytes();
        let network = Arc::new(Network { keys, answering: Mutex::new(Box::new(|_| None)) });
        let options = OutgoingOptions {
            request_timeout_ms: 10_000,
            response_bytes_max: 16 << 20,
            ..OutgoingOptions::default()
        };
        let outgoing = Outgoing::over(Arc::clone(&network) as Arc<dyn Transport>, &options);
        let mut config = Config { server_name: "a.example".to_owned(), ..Config::default() };
        config.rate_limits.enabled = false;
        let server_name = owned_server_name!("a.example");
        let store = Store::open(Arc::new(MemoryEngine::new(&catalog::specs())), Options::default()).unwrap();
        let ears = Arc::new(Ears::default());
        // Everything happens on the thread of the test, one after the other.
        let (tasks, runtime) = (Tasks::on_one_thread(), runtime());
        let entered = runtime.enter();
        let (rooms, peers, federation) =
            services(&store, outgoing, Arc::new(config), &server_name, &tasks, Arc::clone(&ears));
        let alice = requester(&store);
        let new = NewRoom { preset: Some(Preset::PublicChat), ..NewRoom::default() };
        let room = rooms.create_room(&alice, new).unwrap();
        drop(entered);
        let count = Cell::new(0);
        let house = Self { rooms, peers, network, alice, key, room, federation, ears, runtime, count };
        house.come_in(BOB);
        house
    }

    /// Runs something that waits.
    pub(crate) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// A number that was not there before.
    pub(crate) fn next(&self) -> u64 {
        self.count.set(self.count.get() + 1);
        self.count.get()
    }

    /// The version of the room.
    pub(crate) fn version(&self) -> &'static RoomVersion {
        self.rooms.room(&self.room).unwrap().unwrap().version
    }

    /// Has a user of the other server come into the room.
    pub(crate) fn come_in(&self, user: &str) {
        let (server, user) = (peer(), UserId::parse(user).unwrap());
        let versions = [self.version().id().clone()];
        let offer = self.rooms.make_join(&server, &self.room, &user, &versions).unwrap();
        let text = sealed(self.version(), offer.event.get(), PEER, &self.key).unwrap();
        let event_id = parse_pdu(self.version(), &text).unwrap().event_id().clone();
        let event = RawValue::from_string(text).unwrap();
        let handed_in = HandedIn { server, room_id: self.room.clone(), event_id, event };
        self.run(self.rooms.send_join(handed_in, false)).unwrap();
    }

    /// A message of bob's that follows this event, or else the newest ones; neither hashed nor signed.
    pub(crate) fn message(&self, after: Option<&str>) -> Value {
        let (server, bob) = (peer(), UserId::parse(BOB).unwrap());
        let offer = || self.rooms.make_leave(&server, &self.room, &bob);
        // What he said before may have been that he leaves.
        let offer = offer().or_else(|_| {
            self.come_in(BOB);
            offer()
        });
        let mut event: Value = serde_json::from_str(offer.unwrap().event.get()).unwrap();
        let fields = event.as_object_mut().unwrap();
        fields.remove("state_key");
        fields.insert("type".to_owned(), json!("m.room.message"));
        fields.insert("content".to_owned(), json!({"msgtype": "m.text", "body": self.next().to_string()}));
        if let Some(after) = after {
            fields.insert("prev_events".to_owned(), json!([after]));
        }
        event
    }

    /// The event with a hash and a signature of the other server's.
    pub(crate) fn sealed(&self, event: &Value) -> Pdu {
        let text = sealed(self.version(), &event.to_string(), PEER, &self.key).unwrap();
        parse_pdu(self.version(), &text).unwrap()
    }

    /// Receives a transaction of the other server. Answers how much of it was taken in.
    pub(crate) fn receive(&self, pdus: Vec<Box<RawValue>>, edus: Vec<Box<RawValue>>) -> usize {
        let heard = self.ears.heard.load(Ordering::Relaxed);
        let received = Received { origin: peer(), id: self.next().to_string(), pdus, edus };
        let answer = match self.run(self.federation.receive_transaction(received)) {
            Ok(answer) => answer,
            Err(TransactionError::Failed(reason)) => panic!("{reason}"),
            Err(_refused) => return 0,
        };
        let taken = answer.values().filter(|outcome| outcome.is_ok()).count();
        taken + self.ears.heard.load(Ordering::Relaxed) - heard
    }

    /// Checks that the room goes on: alice speaks in it, and somebody comes in.
    pub(crate) fn goes_on(&self) {
        let content = json!({"msgtype": "m.text", "body": self.next().to_string()});
        let message = NewMessage {
            kind: "m.room.message".into(),
            content: serde_json::value::to_raw_value(&content).unwrap(),
            transaction_id: None,
            timestamp_ms: None,
            sticky_ms: None,
        };
        self.run(async { self.rooms.send_message(&self.alice, &self.room, message) }).unwrap();
        self.network.answer(|_| None);
        self.come_in(&format!("@guest{}:{PEER}", self.next()));
    }
}

/// What a server publishes of its key; not signed.
pub(crate) fn key_document(server: &str, key: &SigningKey) -> Value {
    json!({
        "server_name": server,
        "valid_until_ts": NOW_MS + 86_400_000,
        "verify_keys": {key.id(): {"key": key.public_key_base64()}},
        "old_verify_keys": {"ed25519:old": {"key": key.public_key_base64(), "expired_ts": NOW_MS - 86_400_000}},
    })
}

pub(crate) fn peer() -> OwnedServerName {
    owned_server_name!("b.example:8448")
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn services(
    store: &Arc<Store>,
    outgoing: Outgoing,
    config: Arc<Config>,
    server_name: &OwnedServerName,
    tasks: &Tasks,
    ears: Arc<Ears>,
) -> (Arc<Rooms>, Arc<Peers>, Arc<Federation>) {
    let (clock, random) = (Clock::fixed(NOW_MS), Random::seeded(1));
    let settings = Settings::new(server_name.clone(), &config).unwrap();
    let accounts =
        Accounts::open(Arc::clone(store), clock.clone(), random.clone(), settings, Appservices::default());
    let signing_key = Arc::new(SigningKey::generate([7; 32], "1").unwrap());
    let peers = Peers::new(kith_peers::Parts {
        outgoing,
        store: Arc::clone(store),
        config: Arc::clone(&config),
        clock: clock.clone(),
        random: random.clone(),
        tasks: tasks.clone(),
        server_name: server_name.clone(),
        signing_key: Arc::clone(&signing_key),
        other_keys: Arc::default(),
    })
    .unwrap();
    let rooms = Rooms::new(kith_rooms::Parts {
        store: Arc::clone(store),
        accounts: accounts.unwrap(),
        peers: Arc::clone(&peers),
        tasks: tasks.clone(),
        config: Arc::clone(&config),
        clock: clock.clone(),
        random: random.clone(),
        server_name: server_name.clone(),
        signing_key,
    });
    let federation = Federation::new(kith_federation::Parts {
        store: Arc::clone(store),
        rooms: Arc::clone(&rooms),
        peers: Arc::clone(&peers),
        config,
        clock,
        random,
        tasks: tasks.clone(),
        edus: ears,
    });
    (rooms, peers, federation.unwrap())
}

fn requester(store: &Store) -> Requester {
    let user_id = user_id!("@alice:a.example");
    Requester {
        user: store.ids().user(user_id).unwrap(),
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
