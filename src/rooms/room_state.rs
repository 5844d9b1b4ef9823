//! Reading a room's states: any state by its root, the current one, and what is derived from a state and cached
//! under its root.
//!
//! States never change, so a view needs no snapshot.

use std::{collections::BTreeMap, sync::Arc};

use kith_event::{Pdu, power::Powers};
use kith_store::{
    Error, EventSid, RoomSid, StateKeySid, UserSid,
    state::{Difference, RoomStates, StateRoot},
    tables::members::Membership,
};
use quick_cache::{Weighter, sync::Cache};
use ruma::{OwnedUserId, UserId, events::StateEventType};
use serde::de::DeserializeOwned;

use crate::{Rooms, room::Room};

/// What a cached room costs, in bytes.
const ROOM_BYTES: u64 = 400;
/// What a cached list of members costs beside the members, in bytes.
const MEMBERS_BYTES: u64 = 80;
/// What cached powers cost beside the text they are made of, in bytes.
const POWERS_BYTES: u64 = 1_000;

/// What is derived from rooms and their states.
pub(crate) struct StateCaches {
    rooms: Cache<RoomSid, Room>,
    local_joined: Cache<RoomSid, Arc<[UserSid]>, ByCount>,
    powers: Cache<(RoomSid, StateRoot), Arc<CachedPowers>, ByText>,
}

struct CachedPowers {
    powers: Powers,
    text_bytes: u64,
}

#[derive(Clone)]
struct ByText;

#[derive(Clone)]
struct ByCount;

impl Weighter<RoomSid, Arc<[UserSid]>> for ByCount {
    fn weight(&self, _: &RoomSid, members: &Arc<[UserSid]>) -> u64 {
        MEMBERS_BYTES + 8 * members.len() as u64
    }
}

impl Weighter<(RoomSid, StateRoot), Arc<CachedPowers>> for ByText {
    fn weight(&self, _: &(RoomSid, StateRoot), cached: &Arc<CachedPowers>) -> u64 {
        // The parsed form holds each name and number once more.
        POWERS_BYTES + 2 * cached.text_bytes
    }
}

impl StateCaches {
    pub(crate) fn new(bytes_max: u64) -> Self {
        let rooms = usize::try_from(bytes_max / 4 / ROOM_BYTES).unwrap_or(usize::MAX);
        let powers = usize::try_from(bytes_max / 2 / (2 * POWERS_BYTES)).unwrap_or(usize::MAX);
        let members = bytes_max / 4;
        let member_rooms = usize::try_from(members / MEMBERS_BYTES).unwrap_or(usize::MAX);
        Self {
            rooms: Cache::new(rooms),
            local_joined: Cache::with_weighter(member_rooms, members, ByCount),
            powers: Cache::with_weighter(powers, bytes_max / 2, ByText),
        }
    }

    pub(crate) fn room(&self, sid: RoomSid) -> Option<Room> {
        self.rooms.get(&sid)
    }

    pub(crate) fn put_room(&self, room: Room) {
        self.rooms.insert(room.sid, room);
    }

    /// The local members of a room, from memory or else from `load`.
    pub(crate) fn local_joined(
        &self,
        room: RoomSid,
        load: impl FnOnce() -> Result<Arc<[UserSid]>, Error>,
    ) -> Result<Arc<[UserSid]>, Error> {
        self.local_joined.get_or_insert_with(&room, load)
    }

    /// Brings the local members of a room up to date, if they are in memory: reading them all again would make each
    /// join dearer than the one before. Whoever calls this holds the room's lane.
    pub(crate) fn change_local_joined(&self, room: RoomSid, joined: &BTreeMap<UserSid, bool>) {
        let Some(before) = self.local_joined.get(&room) else {
            // Whoever is reading them at this moment may have seen them as they were.
            self.local_joined.remove(&room);
            return;
        };
        let mut members = before.to_vec();
        for (user, is_joined) in joined {
            match (members.binary_search(user), is_joined) {
                (Err(place), true) => members.insert(place, *user),
                (Ok(place), false) => {
                    members.remove(place);
                }
                (Ok(_), true) | (Err(_), false) => {}
            }
        }
        self.local_joined.insert(room, members.into());
    }

    pub(crate) fn forget_powers(&self) {
        self.powers.clear();
    }
}

/// Who may do what in one state; cheap to clone.
#[derive(Clone)]
pub struct SharedPowers(Arc<CachedPowers>);

impl SharedPowers {
    pub(crate) fn new(create: &Pdu, levels: Option<&Pdu>) -> Self {
        let pdus = [Some(create), levels];
        let text_bytes = pdus.into_iter().flatten().map(|pdu| pdu.content_text().len() as u64).sum();
        Self(Arc::new(CachedPowers { powers: Powers::new(create, levels), text_bytes }))
    }
}

impl std::ops::Deref for SharedPowers {
    type Target = Powers;

    fn deref(&self) -> &Powers {
        &self.0.powers
    }
}

/// One state of a room.
#[derive(Clone, Copy)]
pub struct State<'a> {
    rooms: &'a Rooms,
    room: RoomSid,
    root: StateRoot,
}

impl Rooms {
    /// The state with this root.
    pub fn state_at(&self, room: RoomSid, root: StateRoot) -> State<'_> {
        State { rooms: self, room, root }
    }

    /// The current state of a room.
    pub fn current_state(&self, room: RoomSid) -> Result<State<'_>, Error> {
        Ok(self.state_at(room, self.heads(room)?.state))
    }
}

impl<'a> State<'a> {
    /// The name of the state.
    pub fn root(&self) -> StateRoot {
        self.root
    }

    /// The event of one entry.
    pub fn event_of(&self, kind: &StateEventType, state_key: &str) -> Result<Option<EventSid>, Error> {
        match self.rooms.store.ids().find_state_key(&kind.to_string(), state_key)? {
            Some(key) => self.nodes().get(self.root, key),
            None => Ok(None),
        }
    }

    /// The event of one entry, read.
    pub fn get(&self, kind: &StateEventType, state_key: &str) -> Result<Option<Pdu>, Error> {
        self.event_of(kind, state_key)?.map(|event| self.rooms.pdu(event)).transpose()
    }

    /// The events of many entries, in the order asked for.
    pub fn get_many(&self, entries: &[(StateEventType, String)]) -> Result<Vec<Option<Pdu>>, Error> {
        let mut keys = Vec::with_capacity(entries.len());
        for (kind, state_key) in entries {
            keys.push(self.rooms.store.ids().find_state_key(&kind.to_string(), state_key)?);
        }
        let known: Vec<StateKeySid> = keys.iter().flatten().copied().collect();
        let mut found = self.nodes().get_many(self.root, &known)?.into_iter();
        let mut pdus = Vec::with_capacity(entries.len());
        for key in keys {
            let event = if key.is_some() { found.next().flatten() } else { None };
            pdus.push(event.map(|event| self.rooms.pdu(event)).transpose()?);
        }
        Ok(pdus)
    }

    /// The content of one entry with an empty state key, read as a type; `None` when it is absent or of another shape.
    pub fn content<T: DeserializeOwned>(&self, kind: &StateEventType) -> Result<Option<T>, Error> {
        Ok(self.get(kind, "")?.and_then(|pdu| pdu.content_as().ok()))
    }

    /// How many entries there are.
    pub fn len(&self) -> Result<u64, Error> {
        self.nodes().len(self.root)
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.root == StateRoot::EMPTY
    }

    /// Calls `visit` with every entry, in an order that is the same for equal states.
    pub fn for_each(
        &self,
        mut visit: impl FnMut(StateKeySid, EventSid) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for entry in self.nodes().iter(self.root) {
            let (key, event) = entry?;
            visit(key, event)?;
        }
        Ok(())
    }

    /// Every entry.
    pub fn entries(&self) -> Result<Vec<(StateKeySid, EventSid)>, Error> {
        self.nodes().iter(self.root).collect()
    }

    /// The entries in which this state differs from an earlier one: key, event before, event now.
    pub fn changed_since(&self, before: StateRoot) -> Result<Vec<Difference>, Error> {
        self.nodes().diff(before, self.root)
    }

    /// Every member event with its user. For the current state, `room_members` answers without walking the state.
    pub fn members(&self) -> Result<Vec<(OwnedUserId, EventSid)>, Error> {
        let mut members = Vec::new();
        for entry in self.nodes().iter(self.root) {
            let (key, event) = entry?;
            let (kind, state_key) = self.rooms.store.ids().state_key_of(key)?;
            if kind == "m.room.member"
                && let Ok(user) = UserId::parse(state_key)
            {
                members.push((user, event));
            }
        }
        Ok(members)
    }

    /// What a user is to the room in this state; nobody has `leave` who never had anything.
    pub fn membership(&self, user: &UserId) -> Result<Option<Membership>, Error> {
        let member = self.get(&StateEventType::RoomMember, user.as_str())?;
        Ok(member.and_then(|pdu| membership_of(&pdu)))
    }

    /// The create event.
    pub fn create(&self) -> Result<Pdu, Error> {
        self.rooms.pdu(self.rooms.room_of(self.room)?.create)
    }

    /// Who may do what.
    pub fn powers(&self) -> Result<SharedPowers, Error> {
        let caches = &self.rooms.states;
        let cached = caches.powers.get_or_insert_with(&(self.room, self.root), || {
            let levels = self.get(&StateEventType::RoomPowerLevels, "")?;
            Ok::<_, Error>(SharedPowers::new(&self.create()?, levels.as_ref()).0)
        })?;
        Ok(SharedPowers(cached))
    }

    fn nodes(&self) -> RoomStates<'a> {
        RoomStates::new(self.rooms.store.engine(), self.room, self.rooms.store.state_cache())
    }
}

/// What a member event says its user is to the room.
pub(crate) fn membership_of(pdu: &Pdu) -> Option<Membership> {
    Membership::parse(&pdu.content_field::<String>("membership")?)
}
