//! The children of a space, found without walking the space's whole state each time: what was found is kept, and the
//! difference between two states brings it up to date.

use std::{collections::BTreeMap, sync::Arc};

use kith_event::Pdu;
use kith_store::{
    Error, EventSid, Read, RoomSid, StateKeySid,
    state::{RoomStates, StateRoot},
};
use quick_cache::{Weighter, sync::Cache};
use ruma::{OwnedRoomId, OwnedServerName, RoomId};

use crate::Rooms;

/// How many bytes of child lists are kept.
const CHILDREN_BYTES: u64 = 4 << 20;
/// What a space and a child of it cost, in bytes.
const SPACE_BYTES: u64 = 128;
const CHILD_BYTES: u64 = 32;
/// How long an `order` may be, in characters.
const ORDER_CHARS_MAX: usize = 50;

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
pub(crate) struct Child {
    pub(crate) room_id: OwnedRoomId,
    pub(crate) suggested: bool,
    /// Its place among the children, if it has a valid one.
    order: Option<String>,
    pub(crate) pdu: Pdu,
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
        // Those with an order come first; all others follow by time.
        children.sort_by(|a, b| {
            let key =
                |child: &Child| (child.order.is_none(), child.order.clone(), child.pdu.origin_server_ts());
            key(a).cmp(&key(b)).then_with(|| a.room_id.cmp(&b.room_id))
        });
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
    /// A child event counts if its key is a room id and it says through which servers the room can be reached.
    fn read(pdu: Pdu) -> Option<Self> {
        let room_id = RoomId::parse(pdu.state_key()?).ok()?;
        let via: Vec<String> = pdu.content_field("via")?;
        if !via.iter().any(|server| OwnedServerName::try_from(server.as_str()).is_ok()) {
            return None;
        }
        let order: Option<String> = pdu.content_field("order");
        let order = order.filter(|order| {
            order.len() <= ORDER_CHARS_MAX && order.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
        });
        let suggested = pdu.content_field("suggested").unwrap_or(false);
        Some(Self { room_id, suggested, order, pdu })
    }
}
