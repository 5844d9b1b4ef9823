//! A server in memory with users, rooms, and `/sync`.

use std::{collections::BTreeMap, sync::Arc};

use kith_accounts::{Accounts, Appservices, Requester, Settings, TokenHash};
use kith_base::{Clock, Random, Tasks};
use kith_config::Config;
use kith_event::SigningKey;
use kith_kv::{Engine, memory::MemoryEngine};
use kith_rooms::{
    Rooms,
    create::{InitialState, NewRoom, Preset},
    membership::Joining,
    send::{NewMessage, NewState},
};
use kith_store::{
    ChangeKind, Error, Options, Position, Read, RoomSid, Store, UserSid, catalog,
    tables::{
        receipts::{RECEIPT_STREAM, RECEIPTS, ReceiptKind, ReceiptMove, ReceiptRecord},
        to_device,
    },
};
use ruma::{OwnedEventId, OwnedRoomId, RoomId, UserId, owned_server_name};
use serde_json::{Value, json, value::to_raw_value};

use crate::{Counts, Parts, PushRules, Sync, SyncRequest, Unread, token};

pub(super) const NOW_MS: u64 = 1_700_000_000_000;

/// One server. Several can stand on one engine after each other.
pub(super) struct World {
    engine: Arc<dyn Engine>,
    pub(super) tasks: Tasks,
    pub(super) store: Arc<Store>,
    pub(super) accounts: Arc<Accounts>,
    pub(super) rooms: Arc<Rooms>,
    pub(super) sync: Arc<Sync>,
}

/// Counts nothing, but says so for each room.
struct NothingUnread;

impl PushRules for NothingUnread {
    fn unread(&self, _: &dyn Read, _: UserSid, _: &UserId, _: RoomSid, _: Position) -> Result<Unread, Error> {
        let counts = Counts { notifications: 3, highlights: 1 };
        let threads = BTreeMap::new();
        Ok(Unread { main: counts, threads })
    }

    fn default_rules(&self, _: &UserId) -> String {
        r#"{"global":{}}"#.to_owned()
    }
}

impl World {
    pub(super) fn new() -> Self {
        Self::over(Arc::new(MemoryEngine::new(&catalog::specs())))
    }

    /// The same server after a restart: the ring of changes and what lives in memory are gone.
    pub(super) fn restarted(self) -> Self {
        let engine = Arc::clone(&self.engine);
        drop(self);
        Self::over(engine)
    }

    pub(super) fn over(engine: Arc<dyn Engine>) -> Self {
        let store = Store::open(Arc::clone(&engine), Options::default()).expect("opens");
        let (clock, tasks) = (Clock::fixed(NOW_MS), Tasks::new());
        let config = Config {
            server_name: "a.example".to_owned(),
            passwords: kith_config::Passwords { memory_kib: 64, iterations: 1, ..Default::default() },
            ..Config::default()
        };
        let server_name = owned_server_name!("a.example");
        let settings = Settings::new(server_name.clone(), &config).expect("the built-in mails are right");
        // Each start must be random in its own way, or ids would repeat.
        let random = Random::seeded(store.visible().0);
        let appservices = Appservices::default();
        let accounts =
            Accounts::open(Arc::clone(&store), clock.clone(), random.clone(), settings, appservices)
                .expect("opens");
        let config = Arc::new(config);
        let signing_key = Arc::new(SigningKey::generate([7; 32], "1").expect("a valid name"));
        let peers = kith_peers::Peers::new(kith_peers::Parts {
            outgoing: kith_base::Outgoing::unconnected(),
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
        let rooms = Rooms::new(kith_rooms::Parts {
            store: Arc::clone(&store),
            accounts: Arc::clone(&accounts),
            config: Arc::clone(&config),
            clock: clock.clone(),
            random,
            server_name,
            signing_key,
            peers,
            tasks: tasks.clone(),
        });
        let sync = Sync::new(Parts {
            store: Arc::clone(&store),
            rooms: Arc::clone(&rooms),
            config,
            clock,
            tasks: tasks.clone(),
            push_rules: Arc::new(NothingUnread),
        });
        Self { engine, tasks, store, accounts, rooms, sync }
    }

    /// A new user with one device.
    pub(super) fn user(&self, name: &str) -> Requester {
        let user_id = self.accounts.create_user(name, None, false).expect("is free");
        Requester {
            user: self.store.ids().user(&user_id).expect("interns"),
            user_id,
            device_id: Some("DEVICE".into()),
            token: TokenHash([0; 32]),
            guest: false,
            admin: false,
            suspended: false,
            locked: false,
            appservice: None,
            rate_limit_override: None,
        }
    }

    pub(super) fn room(&self, creator: &Requester, preset: Preset) -> OwnedRoomId {
        self.room_with(creator, preset, &[])
    }

    pub(super) fn room_with(
        &self,
        creator: &Requester,
        preset: Preset,
        initial_state: &[(&str, Value)],
    ) -> OwnedRoomId {
        let initial_state = initial_state.iter().map(|(kind, content)| InitialState {
            kind: (*kind).to_owned(),
            state_key: String::new(),
            content: to_raw_value(content).expect("JSON"),
        });
        let new =
            NewRoom { preset: Some(preset), initial_state: initial_state.collect(), ..NewRoom::default() };
        self.rooms.create_room(creator, new).expect("creates")
    }

    pub(super) fn join(&self, who: &Requester, room: &RoomId) {
        self.rooms.join(who, room, Joining::default()).expect("joins");
    }

    pub(super) fn say(&self, who: &Requester, room: &RoomId, text: &str) -> OwnedEventId {
        self.send(who, room, "m.room.message", &json!({"msgtype": "m.text", "body": text})).expect("sends")
    }

    pub(super) fn send(
        &self,
        who: &Requester,
        room: &RoomId,
        kind: &str,
        content: &Value,
    ) -> Result<OwnedEventId, kith_rooms::send::SendError> {
        let content = to_raw_value(content).expect("JSON");
        let message = NewMessage {
            kind: kind.into(),
            content,
            transaction_id: None,
            timestamp_ms: None,
            sticky_ms: None,
        };
        self.rooms.send_message(who, room, message)
    }

    pub(super) fn set(
        &self,
        who: &Requester,
        room: &RoomId,
        kind: &str,
        state_key: &str,
        content: &Value,
    ) -> Result<OwnedEventId, kith_rooms::send::SendError> {
        let content = to_raw_value(content).expect("JSON");
        let state =
            NewState { kind: kind.into(), state_key: state_key.to_owned(), content, timestamp_ms: None };
        self.rooms.send_state(who, room, state)
    }

    /// Moves a receipt, as the crate for receipts does.
    pub(super) fn receipt(
        &self,
        who: &Requester,
        room: &RoomId,
        event: &OwnedEventId,
        kind: ReceiptKind,
        thread: &str,
    ) {
        let ids = self.store.ids();
        let (room, event) = (ids.room(room).expect("interns"), ids.event(event).expect("interns"));
        let key = (room, who.user, kind as u8, thread.to_owned());
        let mut txn = self.store.begin();
        let position = txn.position().expect("allocates");
        if let Some(old) = RECEIPTS.get(self.store.engine(), &key).expect("reads") {
            RECEIPT_STREAM.delete(&mut txn.batch, &(room, old.position));
        }
        let record = ReceiptRecord { event, event_position: position, timestamp_ms: 5, position };
        RECEIPTS.put(&mut txn.batch, &key, &record);
        let moved = ReceiptMove { user: who.user, kind, thread: thread.to_owned() };
        RECEIPT_STREAM.put(&mut txn.batch, &(room, position), &moved);
        let private = kind == ReceiptKind::Private;
        txn.change(position, ChangeKind::Receipt { room, user: who.user, private });
        self.store.commit_durably(txn).expect("commits");
    }

    pub(super) fn account_data(&self, who: &Requester, room: Option<&RoomId>, kind: &str, content: &Value) {
        let room = room.map(|room| self.store.ids().room(room).expect("interns"));
        self.accounts.set_account_data(who.user, room, kind, &content.to_string()).expect("writes");
    }

    /// A message to the user's device.
    pub(super) fn to_device(&self, who: &Requester, message: &Value) {
        let mut txn = self.store.begin();
        to_device::put(&mut txn, who.user, "DEVICE", &message.to_string()).expect("writes");
        self.store.commit_durably(txn).expect("commits");
    }

    /// An answer at once, as the client gets it.
    pub(super) fn sync(&self, who: &Requester, request: &SyncRequest) -> Value {
        let since = request.since.as_deref().map(|since| token::parse_since(since).expect("a token"));
        let (answer, _) = self.sync.answer_now(who, request, since).expect("answers");
        serde_json::to_value(&answer.response).expect("JSON")
    }

    /// An answer to a client that starts.
    pub(super) fn sync_from_start(&self, who: &Requester, filter: &Value) -> Value {
        self.sync(who, &SyncRequest { filter: Some(filter.to_string()), ..SyncRequest::default() })
    }

    /// An answer to a client that has got another one.
    pub(super) fn sync_after(&self, who: &Requester, answer: &Value, filter: &Value) -> Value {
        let since = answer["next_batch"].as_str().map(str::to_owned);
        self.sync(who, &SyncRequest { since, filter: Some(filter.to_string()), ..SyncRequest::default() })
    }
}

/// The values of one field of the events in a section.
pub(super) fn fields<'a>(section: &'a Value, field: &str) -> Vec<&'a str> {
    let events = section["events"].as_array().map(Vec::as_slice).unwrap_or_default();
    events.iter().filter_map(|event| event[field].as_str()).collect()
}

/// The texts of the messages in a timeline.
pub(super) fn texts(room: &Value) -> Vec<&str> {
    let events = room["timeline"]["events"].as_array().map(Vec::as_slice).unwrap_or_default();
    events.iter().filter_map(|event| event["content"]["body"].as_str()).collect()
}
