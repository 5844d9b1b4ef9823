//! For tests: rooms of any version, made event by event with real hashes and signatures.
//!
//! One key signs for every server. Nothing here checks whether an event is allowed unless it says so.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashMap},
    convert::Infallible,
};

use ruma::{
    EventId, OwnedEventId, OwnedRoomId, RoomId, ServerName, UserId,
    events::{StateEventType, TimelineEventType},
};
use serde_json::{Value, json, value::to_raw_value};

use crate::{
    Pdu, RoomVersion, SigningKey,
    auth::{self, AuthError},
    build::{Context, Draft, EventRef, build},
    resolve::{AuthNode, Source, StateMap, auth_depth},
    verify::{PublicKey, PublicKeys},
};

/// The founder of every room here.
pub(crate) const CREATOR: &str = "@alice:a";

/// The room id where the version lets one choose.
const ROOM_ID: &str = "!room:a";

/// All events of one room, and what is needed to make more.
pub(crate) struct World {
    pub(crate) version: &'static RoomVersion,
    pub(crate) key: SigningKey,
    events: RefCell<HashMap<OwnedEventId, Pdu>>,
    auth_depths: RefCell<HashMap<OwnedEventId, u64>>,
    now_ms: Cell<u64>,
}

/// A place in the room: what comes next follows these events and finds this state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fork {
    pub(crate) heads: Vec<OwnedEventId>,
    pub(crate) state: StateMap,
    pub(crate) depth: u64,
    pub(crate) room_id: Option<OwnedRoomId>,
}

/// What an event says.
#[derive(Clone, Debug)]
pub(crate) struct Say<'a> {
    pub(crate) sender: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) state_key: Option<&'a str>,
    pub(crate) content: Value,
    pub(crate) redacts: Option<&'a str>,
}

pub(crate) fn state<'a>(sender: &'a str, kind: &'a str, state_key: &'a str, content: Value) -> Say<'a> {
    Say { sender, kind, state_key: Some(state_key), content, redacts: None }
}

pub(crate) fn message<'a>(sender: &'a str, kind: &'a str, content: Value) -> Say<'a> {
    Say { sender, kind, state_key: None, content, redacts: None }
}

pub(crate) fn member<'a>(sender: &'a str, target: &'a str, membership: &str) -> Say<'a> {
    state(sender, "m.room.member", target, json!({ "membership": membership }))
}

/// The number of the version of the specification that a version is, or rests on.
pub(crate) fn number(version: &RoomVersion) -> u8 {
    version.id().as_str().rsplit('.').next().and_then(|number| number.parse().ok()).expect("a number")
}

pub(crate) fn version(id: &str) -> &'static RoomVersion {
    RoomVersion::find(id).expect("a room version of the specification")
}

impl World {
    pub(crate) fn new(version: &'static RoomVersion) -> Self {
        let key = SigningKey::generate([7; 32], "test").expect("a valid name");
        let now_ms = Cell::new(1_700_000_000_000);
        Self { version, key, events: RefCell::default(), auth_depths: RefCell::default(), now_ms }
    }

    /// A fork with nothing but the create event.
    pub(crate) fn found(&self, more_content: Value) -> Fork {
        let mut content = json!({ "room_version": self.version.id() });
        if !self.version.creator_is_sender() {
            content["creator"] = CREATOR.into();
        }
        for (key, value) in more_content.as_object().into_iter().flatten() {
            content[key] = value.clone();
        }
        let room_id =
            (!self.version.room_id_is_create_hash()).then(|| RoomId::parse(ROOM_ID).expect("valid"));
        let mut fork = Fork { room_id, ..Fork::default() };
        let create = self.put(&mut fork, state(CREATOR, "m.room.create", "", content));
        fork.room_id = Some(create.room_id().clone());
        fork
    }

    /// A public room: the creator, an admin (100), two moderators (50), a user, one banned, one invited.
    pub(crate) fn room(&self, create_content: Value) -> Fork {
        let mut fork = self.found(create_content);
        let levels = json!({ "users": { "@admin:a": 100, "@mod:a": 50, "@mod2:a": 50, "@bob:b": 0 } });
        let says = [
            member(CREATOR, CREATOR, "join"),
            state(CREATOR, "m.room.join_rules", "", json!({ "join_rule": "public" })),
            member("@admin:a", "@admin:a", "join"),
            member("@mod:a", "@mod:a", "join"),
            member("@mod2:a", "@mod2:a", "join"),
            member("@bob:b", "@bob:b", "join"),
            state(CREATOR, "m.room.power_levels", "", levels),
            member("@admin:a", "@dave:b", "ban"),
            member("@admin:a", "@erin:b", "invite"),
        ];
        for say in says {
            self.put(&mut fork, say);
        }
        fork
    }

    /// Makes an event at this place, with the auth events that the state has for it.
    pub(crate) fn make(&self, fork: &Fork, say: Say<'_>) -> Pdu {
        let sender = UserId::parse(say.sender).expect("a user id");
        let kind = TimelineEventType::from(say.kind);
        let content = to_raw_value(&say.content).expect("JSON");
        let types = auth::auth_types(self.version, &kind, &sender, say.state_key, &content);
        // What has no auth types gets those that every event has.
        let types = types.or_else(|_| auth::auth_types(self.version, &"x".into(), &sender, None, &content));
        let types = types.expect("ordinary events have auth types");
        let auth_events = types.iter().filter_map(|key| fork.state.get(key));
        let context = Context {
            auth_events: auth_events.map(|event_id| EventRef::from(&self.get(event_id))).collect(),
            ..self.context(fork, &sender)
        };
        let redacts = say.redacts.map(|id| EventId::parse(id).expect("an event id"));
        let draft = Draft {
            kind,
            state_key: say.state_key.map(ToOwned::to_owned),
            content,
            redacts,
            sticky_ms: None,
        };
        let pdu = build(draft, &context).expect("a well-formed event");
        self.remember(&pdu);
        pdu
    }

    /// Everything of an event at this place but its auth events.
    pub(crate) fn context<'a>(&'a self, fork: &'a Fork, sender: &'a UserId) -> Context<'a> {
        Context {
            room_version: self.version,
            room_id: fork.room_id.as_deref(),
            prev_events: fork.heads.iter().map(|event_id| EventRef::from(&self.get(event_id))).collect(),
            auth_events: Vec::new(),
            depth: fork.depth,
            sender,
            origin_server_ts: self.tick(),
            server_name: sender.server_name(),
            key: &self.key,
        }
    }

    /// Makes an event and goes on from it, allowed or not.
    pub(crate) fn put(&self, fork: &mut Fork, say: Say<'_>) -> Pdu {
        let pdu = self.make(fork, say);
        self.accept(fork, &pdu);
        pdu
    }

    /// Goes on from an event.
    pub(crate) fn accept(&self, fork: &mut Fork, pdu: &Pdu) {
        fork.heads = vec![pdu.event_id().clone()];
        fork.depth = pdu.depth() + 1;
        if let Some(key) = pdu.state_entry() {
            fork.state.insert(key, pdu.event_id().clone());
        }
    }

    /// Whether the rules allow an event, by its auth events and by the state at this place.
    pub(crate) fn allows(&self, fork: &Fork, pdu: &Pdu) -> Result<(), AuthError> {
        auth::check_auth_events(pdu, |event_id| self.find(event_id))?;
        auth::check(pdu, |kind, state_key| self.state_event(fork, kind, state_key))
    }

    pub(crate) fn state_event(&self, fork: &Fork, kind: &StateEventType, state_key: &str) -> Option<Pdu> {
        fork.state.get(&(kind.clone(), state_key.to_owned())).map(|event_id| self.get(event_id))
    }

    pub(crate) fn find(&self, event_id: &EventId) -> Option<Pdu> {
        self.events.borrow().get(event_id).cloned()
    }

    pub(crate) fn get(&self, event_id: &EventId) -> Pdu {
        self.find(event_id).expect("an event of this room")
    }

    pub(crate) fn remember(&self, pdu: &Pdu) {
        let mut depths = self.auth_depths.borrow_mut();
        let depth = auth_depth(pdu.auth_events().iter().filter_map(|event_id| depths.get(event_id).copied()));
        depths.insert(pdu.event_id().clone(), depth);
        self.events.borrow_mut().insert(pdu.event_id().clone(), pdu.clone());
    }

    /// The place of an event in the graph of auth events.
    pub(crate) fn node(&self, event_id: &OwnedEventId) -> Result<Option<AuthNode<OwnedEventId>>, Infallible> {
        let depth = self.auth_depths.borrow().get(event_id).copied().unwrap_or_default();
        Ok(self.find(event_id).map(|pdu| AuthNode { depth, auth_events: pdu.auth_events().to_vec() }))
    }

    /// The test key as the key of these servers.
    pub(crate) fn public_keys(&self, servers: &[&str]) -> PublicKeys {
        let key = PublicKey { key: self.key.public_key(), valid_until_ts: u64::MAX };
        let keys = BTreeMap::from([(self.key.id(), key)]);
        servers.iter().map(|server| (ServerName::parse(server).expect("valid"), keys.clone())).collect()
    }

    /// Moves the clock, so that the next event is that much later (or, with 0, at the same time).
    pub(crate) fn wait(&self, ms: u64) {
        self.now_ms.set(self.now_ms.get() + ms);
    }

    fn tick(&self) -> u64 {
        self.now_ms.get()
    }
}

/// A room and the entries that all forks have.
pub(crate) struct Agreed<'a> {
    pub(crate) world: &'a World,
    pub(crate) entries: StateMap,
}

impl Source for Agreed<'_> {
    type Error = Infallible;

    fn event(&self, event_id: &EventId) -> Result<Option<Pdu>, Infallible> {
        Ok(self.world.find(event_id))
    }

    fn agreed(&self, kind: &StateEventType, state_key: &str) -> Result<Option<OwnedEventId>, Infallible> {
        Ok(self.entries.get(&(kind.clone(), state_key.to_owned())).cloned())
    }
}
