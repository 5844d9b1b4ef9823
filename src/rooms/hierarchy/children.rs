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
use ruma::{OwnedRoomId, OwnedServerName, RoomId};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::{Rooms, render::raw};

/// How many bytes of child lists are kept.
const CHILDREN_BYTES: u64 = 4 << 20;
/// What a space and a child of it cost, in bytes.
const SPACE_BYTES: u64 = 128;
const CHILD_BYTES: u64 = 32;
/// How long an `order` may be, in characters.
const ORDER_CHARS_MAX: usize = 50;
/// How many of the servers that a child names count.
const VIA_SERVERS_MAX: usize = 10;

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
#[derive(Clone)]
pub(crate) struct Child {
    pub(crate) room_id: OwnedRoomId,
    pub(crate) suggested: bool,
    /// The servers through which the room can be reached.
    pub(crate) via: Vec<OwnedServerName>,
    /// Its place among the children, if it has a valid one.
    order: Option<String>,
    sent_ms: u64,
    source: Source,
}

/// Where a child was found.
#[derive(Clone)]
enum Source {
    /// In an event.
    Event(Pdu),
    /// In the stripped form that another server gave.
    Told(Arc<RawValue>),
}

/// What counts in the content of an `m.space.child` event, as far as it can be read.
struct ChildContent {
    via: Vec<String>,
    order: Option<String>,
    suggested: bool,
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
        Child::sort(&mut children);
        Ok(children)
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

impl Child {
    fn read(pdu: Pdu) -> Option<Self> {
        let content = ChildContent {
            via: pdu.content_field("via")?,
            order: pdu.content_field("order"),
            suggested: pdu.content_field("suggested").unwrap_or(false),
        };
        let room_id = RoomId::parse(pdu.state_key()?).ok()?;
        Self::new(room_id, content, pdu.origin_server_ts(), Source::Event(pdu))
    }

    /// A child as another server tells of it, in stripped form with the time.
    pub(crate) fn told(stripped: &RawValue) -> Option<Self> {
        #[derive(Deserialize)]
        struct Stripped {
            #[serde(rename = "type")]
            kind: String,
            state_key: OwnedRoomId,
            origin_server_ts: u64,
            content: HashMap<String, Value>,
        }
        let Stripped { kind, state_key, origin_server_ts, mut content } =
            serde_json::from_str(stripped.get()).ok()?;
        if kind != "m.space.child" {
            return None;
        }
        let content = ChildContent {
            via: serde_json::from_value(content.remove("via")?).ok()?,
            order: content.remove("order").and_then(|order| order.as_str().map(str::to_owned)),
            suggested: content.remove("suggested").and_then(|suggested| suggested.as_bool()).unwrap_or(false),
        };
        Self::new(state_key, content, origin_server_ts, Source::Told(stripped.to_owned().into()))
    }

    /// A child event counts if its key is a room id and it says through which servers the room can be reached.
    fn new(room_id: OwnedRoomId, content: ChildContent, sent_ms: u64, source: Source) -> Option<Self> {
        let ChildContent { via, order, suggested } = content;
        let via = via.iter().filter_map(|server| OwnedServerName::try_from(server.as_str()).ok());
        let via: Vec<OwnedServerName> = via.take(VIA_SERVERS_MAX).collect();
        if via.is_empty() {
            return None;
        }
        let order = order.filter(|order| {
            order.len() <= ORDER_CHARS_MAX && order.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
        });
        Some(Self { room_id, suggested, via, order, sent_ms, source })
    }

    /// Puts children into their order: those with one of their own come first, all others follow by time.
    pub(crate) fn sort(children: &mut [Self]) {
        children.sort_by(|a, b| {
            let key = |child: &Self| (child.order.is_none(), child.order.clone(), child.sent_ms);
            key(a).cmp(&key(b)).then_with(|| a.room_id.cmp(&b.room_id))
        });
    }

    /// The stripped event, with its time.
    pub(crate) fn state(&self) -> Box<RawValue> {
        match &self.source {
            Source::Told(stripped) => (**stripped).to_owned(),
            Source::Event(pdu) => {
                let mut text = stripped_state(pdu);
                text.pop();
                text.push_str(&format!(",\"origin_server_ts\":{}}}", pdu.origin_server_ts()));
                raw(text)
            }
        }
    }
}
