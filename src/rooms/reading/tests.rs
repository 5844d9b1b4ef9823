//! Tests of the reading side: rooms written row by row, so that every order, state and membership can be had.

mod directory;
mod hierarchy;
mod members;
mod paging;
mod relations;
mod render;
mod visibility;

use std::sync::Arc;

use kith_accounts::{Accounts, Appservices, Settings};
use kith_base::{Clock, Random};
use kith_config::Config;
use kith_event::{Pdu, RoomVersion, SigningKey};
use kith_kv::memory::MemoryEngine;
use kith_store::{
    ChangeKind, Durability, EventSid, Options, Position, RoomSid, StateKeySid, Store, UserSid, catalog,
    state::{RoomStates, StateRoot},
    tables::{
        events::{self, EventMeta, Place as EventPlace, Verdict},
        members::{MEMBERSHIPS, Membership, MembershipRecord, ROOM_MEMBERS},
        relations::{RELATIONS, RelationRecord, THREAD_ORDER, THREAD_PARTICIPANTS, THREADS, ThreadRecord},
        rooms::{Heads, ROOM_HEADS, ROOMS, RoomRecord, TIMELINE, TIMESTAMPS, TOPOLOGY},
    },
};
use ruma::{EventId, OwnedRoomId, OwnedUserId, RoomId, UserId, owned_server_name};
use serde_json::{Value, json, value::RawValue};

use crate::{Parts, Rooms, Viewer};

/// The room version of the tests.
const VERSION: &str = "11";
/// The first event is this old.
const START_MS: u64 = 1_000_000;

/// A server with rooms that are written without asking any rule.
pub(super) struct World {
    pub(super) rooms: Arc<Rooms>,
    pub(super) clock: Clock,
    events: u64,
}

/// A room of the tests.
pub(super) struct TestRoom {
    pub(super) sid: RoomSid,
    pub(super) id: OwnedRoomId,
    pub(super) events: Vec<EventSid>,
}

/// An event to be written.
pub(super) struct Draft {
    sender: String,
    kind: String,
    state_key: Option<String>,
    content: Value,
    pub(super) depth: Option<u64>,
    pub(super) verdict: Verdict,
    redacts: Option<EventSid>,
    transaction: Option<events::Transaction>,
}

pub(super) fn message(sender: &str, content: Value) -> Draft {
    Draft {
        sender: sender.to_owned(),
        kind: "m.room.message".to_owned(),
        state_key: None,
        content,
        depth: None,
        verdict: Verdict::Accepted,
        redacts: None,
        transaction: None,
    }
}

pub(super) fn text(sender: &str, body: &str) -> Draft {
    message(sender, json!({ "msgtype": "m.text", "body": body }))
}

pub(super) fn state(sender: &str, kind: &str, state_key: &str, content: Value) -> Draft {
    Draft { kind: kind.to_owned(), state_key: Some(state_key.to_owned()), ..message(sender, content) }
}

pub(super) fn member(user: &str, membership: &str) -> Draft {
    state(user, "m.room.member", user, json!({ "membership": membership }))
}

pub(super) fn history(visibility: &str) -> Draft {
    state("@creator:a.example", "m.room.history_visibility", "", json!({ "history_visibility": visibility }))
}

impl World {
    pub(super) fn new() -> Self {
        let engine = Arc::new(MemoryEngine::new(&catalog::specs()));
        let options = Options { durability: Durability::Relaxed, ..Options::default() };
        let store = Store::open(engine, options).expect("a store in memory opens");
        let (clock, random) = (Clock::fixed(START_MS), Random::seeded(1));
        let server_name = owned_server_name!("a.example");
        let config = Arc::new(Config::default());
        let settings = Settings::new(server_name.clone(), &config).expect("the built-in mails are right");
        let accounts = Accounts::open(
            Arc::clone(&store),
            clock.clone(),
            random.clone(),
            settings,
            Appservices::default(),
        )
        .expect("accounts open");
        let signing_key = Arc::new(SigningKey::generate([7; 32], "test").expect("a key"));
        let tasks = kith_base::Tasks::new();
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
        let parts = Parts {
            store,
            accounts,
            peers,
            tasks,
            config,
            clock: clock.clone(),
            random,
            server_name,
            signing_key,
        };
        Self { rooms: Rooms::new(parts), clock, events: 0 }
    }

    pub(super) fn store(&self) -> &Store {
        &self.rooms.store
    }

    pub(super) fn user(&self, user: &str) -> UserSid {
        let user = UserId::parse(user).expect("a user id");
        self.store().ids().user(&user).expect("numbers")
    }

    pub(super) fn viewer(&self, user: &str) -> Viewer {
        let user_id: OwnedUserId = UserId::parse(user).expect("a user id");
        let read = self.store().read();
        self.rooms.viewer(&*read, self.user(user), &user_id, Some("DEVICE".into())).expect("reads")
    }

    /// A room with nothing but its creation and its creator.
    pub(super) fn room(&mut self, name: &str, create: Value) -> TestRoom {
        let id = RoomId::parse(format!("!{name}:a.example")).expect("a room id");
        let sid = self.store().ids().room(&id).expect("numbers");
        let mut room = TestRoom { sid, id, events: Vec::new() };
        self.write(&mut room, state("@creator:a.example", "m.room.create", "", create));
        self.write(&mut room, member("@creator:a.example", "join"));
        room
    }

    pub(super) fn write(&mut self, room: &mut TestRoom, draft: Draft) -> EventSid {
        self.events += 1;
        self.clock.advance(std::time::Duration::from_secs(1));
        let store = Arc::clone(&self.rooms.store);
        let mut txn = store.begin();
        let position = txn.position().expect("allocates");
        let order = order_of(position);
        let mut heads = ROOM_HEADS.get(store.engine(), &room.sid).expect("reads").unwrap_or(NO_HEADS);
        let depth = draft.depth.unwrap_or(heads.depth + 1);
        let pdu = self.pdu(room, &draft, depth);
        let event = store.ids().event(pdu.event_id()).expect("numbers");
        if heads.depth == 0 {
            let record = RoomRecord { version: VERSION.to_owned(), create: event, blocked: false };
            ROOMS.put(&mut txn.batch, &room.sid, &record);
        }
        let mut states = RoomStates::new(store.engine(), room.sid, store.state_cache());
        let key =
            draft.state_key.as_ref().map(|key| store.ids().state_key(&draft.kind, key).expect("numbers"));
        let before = heads.state;
        let accepted = draft.verdict == Verdict::Accepted;
        let after = match key {
            Some(key) if accepted => states.insert(before, key, event).expect("inserts"),
            _ => before,
        };
        states.write(&mut txn.batch, &[after]);
        let meta = self.meta(room, &draft, &pdu, key, (before, after), position);
        events::put(&mut txn.batch, event, &meta, pdu.json());
        TIMELINE.put(&mut txn.batch, &(room.sid, position), &event);
        TOPOLOGY.put(&mut txn.batch, &(room.sid, depth, order), &event);
        TIMESTAMPS.put(&mut txn.batch, &(room.sid, meta.timestamp_ms, order), &event);
        heads.state = after;
        heads.depth = heads.depth.max(depth);
        heads.position = position;
        if accepted && draft.kind == "m.room.member" {
            self.write_member(&mut txn.batch, room, &mut heads, &pdu, event, position);
        }
        self.write_relation(&mut txn.batch, room, &pdu, &meta, event);
        self.write_redaction(&mut txn.batch, &draft, event);
        ROOM_HEADS.put(&mut txn.batch, &room.sid, &heads);
        txn.change(position, ChangeKind::Event { room: room.sid, event, member: None });
        store.commit_durably(txn).expect("commits");
        if let Some(redacted) = draft.redacts {
            let pdu = kith_event::redact::redact(&self.rooms.pdu(redacted).expect("is there"), None);
            self.rooms.pdus.put(redacted, pdu);
        }
        room.events.push(event);
        event
    }

    fn meta(
        &self,
        room: &TestRoom,
        draft: &Draft,
        pdu: &Pdu,
        state_key: Option<StateKeySid>,
        (state_before, state_after): (StateRoot, StateRoot),
        position: Position,
    ) -> EventMeta {
        let place = EventPlace {
            position: Some(position),
            order: order_of(position),
            state_before,
            state_after,
            room_state: state_after,
            countable: 0,
            thread: None,
            countable_in_thread: 0,
        };
        EventMeta {
            room: room.sid,
            sender: self.user(pdu.sender().as_str()),
            state_key,
            verdict: draft.verdict,
            place: Some(place),
            timestamp_ms: pdu.origin_server_ts(),
            depth: pdu.depth(),
            auth_depth: 0,
            auth: Vec::new(),
            prev: Vec::new(),
            redacted_by: None,
            transaction: draft.transaction.clone(),
            reason: None,
        }
    }

    fn pdu(&self, room: &TestRoom, draft: &Draft, depth: u64) -> Pdu {
        let mut json = json!({
            "type": draft.kind, "sender": draft.sender, "room_id": room.id, "content": draft.content,
            "depth": depth, "origin_server_ts": self.clock.now_ms(), "prev_events": [], "auth_events": [],
        });
        if let Some(state_key) = &draft.state_key {
            json["state_key"] = state_key.clone().into();
        }
        let event_id = EventId::parse(format!("$event{:05}", self.events)).expect("an event id");
        let version = RoomVersion::find(VERSION).expect("a known version");
        Pdu::from_stored(version, event_id, draft.verdict == Verdict::Rejected, json.to_string())
            .expect("an event")
    }

    fn write_member(
        &self,
        batch: &mut kith_store::Batch,
        room: &TestRoom,
        heads: &mut Heads,
        pdu: &Pdu,
        event: EventSid,
        position: Position,
    ) {
        let user = self.user(pdu.state_key().expect("member events have one"));
        let membership = crate::room_state::membership_of(pdu).expect("a membership");
        let old = MEMBERSHIPS.get(self.store().engine(), &(user, room.sid)).expect("reads");
        if let Some(old) = &old {
            ROOM_MEMBERS.delete(batch, &(room.sid, old.membership as u8, user));
            heads.joined -= u64::from(old.membership == Membership::Join);
        }
        heads.joined += u64::from(membership == Membership::Join);
        ROOM_MEMBERS.put(batch, &(room.sid, membership as u8, user), &());
        let record = MembershipRecord {
            membership,
            event,
            position,
            sender: self.user(pdu.sender().as_str()),
            forgotten: false,
            stripped_state: None,
            was_joined: membership == Membership::Join || old.is_some_and(|old| old.was_joined),
            is_direct: false,
        };
        MEMBERSHIPS.put(batch, &(user, room.sid), &record);
    }

    fn write_relation(
        &self,
        batch: &mut kith_store::Batch,
        room: &TestRoom,
        pdu: &Pdu,
        meta: &EventMeta,
        event: EventSid,
    ) {
        let Some(relation) = pdu.content_field::<Value>("m.relates_to") else { return };
        let parent = EventId::parse(relation["event_id"].as_str().expect("an id")).expect("an id");
        let parent = self.store().ids().event(&parent).expect("numbers");
        let place = meta.place.as_ref().expect("has a place");
        let rel_type = relation["rel_type"].as_str().expect("a type").to_owned();
        let is_thread = rel_type == "m.thread";
        let record =
            RelationRecord { rel_type, kind: pdu.kind().to_string(), key: None, sender: meta.sender };
        RELATIONS.put(batch, &(parent, meta.depth, place.order, event), &record);
        if !is_thread {
            return;
        }
        let engine = self.store().engine();
        let old = THREADS.get(engine, &parent).expect("reads");
        if let Some(old) = &old {
            THREAD_ORDER.delete(batch, &(room.sid, old.position, parent));
        }
        let position = place.position.expect("arrived live");
        let count = old.map_or(0, |old| old.count) + 1;
        let thread = ThreadRecord { room: room.sid, count, latest: event, position, countable: count };
        THREADS.put(batch, &parent, &thread);
        THREAD_ORDER.put(batch, &(room.sid, position, parent), &());
        let wrote = THREAD_PARTICIPANTS.get(engine, &(parent, meta.sender)).expect("reads").unwrap_or(0);
        THREAD_PARTICIPANTS.put(batch, &(parent, meta.sender), &(wrote + 1));
    }

    fn write_redaction(&self, batch: &mut kith_store::Batch, draft: &Draft, by: EventSid) {
        let Some(redacted) = draft.redacts else { return };
        let mut meta = events::get_meta(self.store().engine(), redacted).expect("is there");
        meta.redacted_by = Some(by);
        let pdu = kith_event::redact::redact(&self.rooms.pdu(redacted).expect("is there"), None);
        events::put(batch, redacted, &meta, pdu.json());
    }

    pub(super) fn id(&self, event: EventSid) -> String {
        self.store().ids().event_id(event).expect("is there").to_string()
    }
}

fn order_of(position: Position) -> i64 {
    i64::try_from(position.0).expect("small")
}

const NO_HEADS: Heads = Heads {
    extremities: Vec::new(),
    state: StateRoot::EMPTY,
    depth: 0,
    position: Position::START,
    oldest_order: 0,
    joined: 0,
    invited: 0,
    countable: 0,
    countable_main: 0,
};

/// What a client would read.
pub(super) fn value(raw: &RawValue) -> Value {
    serde_json::from_str(raw.get()).expect("JSON")
}

/// The ids of events as a client reads them.
pub(super) fn ids(events: &[Box<RawValue>]) -> Vec<String> {
    events.iter().map(|event| value(event)["event_id"].as_str().expect("an id").to_owned()).collect()
}
