//! The children of a space, found without walking the space's whole state each time: what was found is kept, and the
//! difference between two states brings it up to date.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use kith_event::{Pdu, client_format::stripped_state};
use kith_store::{
    Error, EventSid, Read, RoomSid, StateKeySid,
    state::{RoomStates, StateRoot},
};
use quick_cache::{Weighter, sync::Cache};
use ruma::{OwnedRoomId, OwnedServerName, OwnedUserId, RoomId};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{json, value::RawValue};

use crate::{Rooms, render::raw};

/// How many bytes of child lists are kept.
const CHILDREN_BYTES: u64 = 4 << 20;
/// What a space and a child of it cost, in bytes.
const SPACE_BYTES: u64 = 128;
const CHILD_BYTES: u64 = 32;
/// How long an `order` may be, in characters.
const ORDER_CHARS_MAX: usize = 50;
/// How many servers of a child are heeded.
const VIA_MAX: usize = 10;
/// How long an event may be that another server tells, in bytes.
const EVENT_BYTES_MAX: usize = 65_536;

/// The `m.space.child` entries of spaces.
pub(crate) struct ChildrenCache(Cache<RoomSid, Arc<Children>, ByCount>);

struct Children {
    /// The state they were found in.
    root: StateRoot,
    events: BTreeMap<StateKeySid, EventSid>,
}

#[derive(Clone)]
struct ByCount;

impl Weighter<RoomSid, Arc<Children>> for ByCount {
    fn weight(&self, _: &RoomSid, children: &Arc<Children>) -> u64 {
        SPACE_BYTES + CHILD_BYTES * children.events.len() as u64
    }
}

impl Default for ChildrenCache {
    fn default() -> Self {
        let entries = usize::try_from(CHILDREN_BYTES / SPACE_BYTES).unwrap_or(usize::MAX);
        Self(Cache::with_weighter(entries, CHILDREN_BYTES, ByCount))
    }
}

/// A child of a space.
#[derive(Debug)]
pub(crate) struct Child {
    pub(crate) room_id: OwnedRoomId,
    pub(crate) suggested: bool,
    /// Through which servers it can be reached.
    pub(crate) via: Vec<OwnedServerName>,
    /// Its place among the children, if it has a valid one.
    order: Option<String>,
    timestamp_ms: u64,
    event: ChildEvent,
}

/// The event that makes a room a child.
#[derive(Debug)]
enum ChildEvent {
    Here(Pdu),
    /// What another server told of it.
    Elsewhere(Box<RawValue>),
}

/// What an event says of a child, as far as it is readable.
#[derive(Default, Deserialize)]
#[serde(transparent)]
struct Content(HashMap<String, Box<RawValue>>);

impl Content {
    fn field<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.0.get(name)?.get()).ok()
    }
}

impl Rooms {
    /// The valid children of a space in a state, in their order.
    pub(crate) fn children_of_space(
        &self,
        read: &dyn Read,
        space: RoomSid,
        root: StateRoot,
    ) -> Result<Vec<Child>, Error> {
        let mut children = Vec::new();
        for event in self.child_events(read, space, root)?.events.values() {
            children.extend(Child::read(self.pdu(*event)?));
        }
        Ok(in_order(children))
    }

    fn child_events(&self, read: &dyn Read, space: RoomSid, root: StateRoot) -> Result<Arc<Children>, Error> {
        let cache = &self.reading.children.0;
        let cached = cache.get(&space);
        if let Some(children) = cached.as_ref().filter(|children| children.root == root) {
            return Ok(Arc::clone(children));
        }
        let (before, mut events) = match cached {
            Some(children) => (children.root, children.events.clone()),
            None => (StateRoot::EMPTY, BTreeMap::new()),
        };
        let states = RoomStates::new(read, space, self.store.state_cache());
        for (key, _, after) in states.diff(before, root)? {
            let (kind, _) = self.store.ids().state_key_of(key)?;
            match after {
                _ if kind != "m.space.child" => {}
                Some(event) => drop(events.insert(key, event)),
                None => drop(events.remove(&key)),
            }
        }
        let children = Arc::new(Children { root, events });
        cache.insert(space, Arc::clone(&children));
        Ok(children)
    }
}

/// The children as they are shown: those with an order come first; all others follow by time.
pub(super) fn in_order(mut children: Vec<Child>) -> Vec<Child> {
    children.sort_by(|a, b| {
        let key = |child: &Child| (child.order.is_none(), child.order.clone(), child.timestamp_ms);
        key(a).cmp(&key(b)).then_with(|| a.room_id.cmp(&b.room_id))
    });
    children
}

impl Child {
    fn read(pdu: Pdu) -> Option<Self> {
        let content = serde_json::from_str(pdu.content_text()).ok()?;
        let (room_id, timestamp_ms) = (RoomId::parse(pdu.state_key()?).ok()?, pdu.origin_server_ts());
        Self::new(room_id, &content, timestamp_ms, ChildEvent::Here(pdu))
    }

    /// Reads an event as another server tells it; what it tells beside that is dropped.
    pub(super) fn of_stripped(event: &RawValue) -> Option<Self> {
        #[derive(Deserialize)]
        struct Stripped<'a> {
            #[serde(rename = "type")]
            kind: String,
            state_key: OwnedRoomId,
            sender: OwnedUserId,
            origin_server_ts: u64,
            #[serde(borrow)]
            content: &'a RawValue,
        }

        if event.get().len() > EVENT_BYTES_MAX {
            return None;
        }
        let event: Stripped<'_> = serde_json::from_str(event.get()).ok()?;
        let content = serde_json::from_str(event.content.get()).ok()?;
        let told = json!({
            "type": event.kind,
            "state_key": event.state_key,
            "sender": event.sender,
            "origin_server_ts": event.origin_server_ts,
            "content": event.content,
        });
        let told = RawValue::from_string(told.to_string()).ok()?;
        let is_child = event.kind == "m.space.child";
        Self::new(event.state_key, &content, event.origin_server_ts, ChildEvent::Elsewhere(told))
            .filter(|_| is_child)
    }

    /// A child event counts if its key is a room id and it says through which servers the room can be reached.
    fn new(room_id: OwnedRoomId, content: &Content, timestamp_ms: u64, event: ChildEvent) -> Option<Self> {
        let via: Vec<String> = content.field("via")?;
        let via: Vec<OwnedServerName> =
            via.into_iter().filter_map(|server| server.try_into().ok()).take(VIA_MAX).collect();
        if via.is_empty() {
            return None;
        }
        let order: Option<String> = content.field("order");
        let order = order.filter(|order| {
            order.len() <= ORDER_CHARS_MAX && order.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
        });
        let suggested = content.field("suggested").unwrap_or(false);
        Some(Self { room_id, suggested, via, order, timestamp_ms, event })
    }

    /// The stripped event, with its time.
    pub(crate) fn state(&self) -> Box<RawValue> {
        match &self.event {
            ChildEvent::Here(pdu) => {
                let mut text = stripped_state(pdu);
                text.pop();
                text.push_str(&format!(",\"origin_server_ts\":{}}}", pdu.origin_server_ts()));
                raw(text)
            }
            ChildEvent::Elsewhere(event) => event.clone(),
        }
    }

    /// What the child of another server's space weighs in memory.
    pub(super) fn bytes(&self) -> u64 {
        match &self.event {
            ChildEvent::Here(_) => CHILD_BYTES,
            ChildEvent::Elsewhere(event) => 2 * event.get().len() as u64,
        }
    }
}
