//! What concerns an application service: rooms with one of its users in them, rooms in its namespaces, and its users
//! themselves.
//!
//! How many users of a service are in a room is counted once and then follows the room's state, so that an event costs
//! what it changed and not what there is.
//! <https://spec.matrix.org/v1.19/application-service-api/#registration>

use std::sync::Arc;

use kith_event::Pdu;
use kith_rooms::Rooms;
use kith_store::{
    Direction, Error, EventSid, Read, RoomSid, Store, UserSid,
    state::StateRoot,
    tables::{
        events::EventMeta,
        members::{LOCAL_JOINED, Membership},
        rooms::ROOM_HEADS,
    },
};
use quick_cache::sync::Cache;
use ruma::{UserId, events::TimelineEventType};

use crate::Service;

/// Of how many rooms it is known how many users of a service are in them; each takes some hundred bytes.
const COUNTS_MAX: usize = 50_000;

/// Says what concerns whom.
pub(crate) struct Interests {
    store: Arc<Store>,
    rooms: Arc<Rooms>,
    counts: Cache<(usize, RoomSid), Count>,
}

/// How many users of a service are in a room, in one state of it.
#[derive(Clone, Copy)]
struct Count {
    root: StateRoot,
    users: u64,
}

impl Interests {
    pub(crate) fn new(store: Arc<Store>, rooms: Arc<Rooms>) -> Self {
        Self { store, rooms, counts: Cache::new(COUNTS_MAX) }
    }

    /// Whether a user is a service's. Users of other servers are nobody's.
    pub(crate) fn owns(&self, service: &Service, user_id: &UserId) -> bool {
        self.rooms.is_local(user_id) && service.registration.owns_user(user_id)
    }

    /// The same, where the id is not at hand.
    pub(crate) fn owns_sid(&self, service: &Service, user: UserSid) -> Result<bool, Error> {
        Ok(self.owns(service, &self.store.ids().user_id(user)?))
    }

    /// Whether an event concerns a service: one of its users sent it or is its target, or it happened in a room that
    /// concerns it, as the room was then.
    pub(crate) fn event(&self, service: &Service, meta: &EventMeta, pdu: &Pdu) -> Result<bool, Error> {
        if self.owns(service, pdu.sender()) || self.is_target(service, pdu) {
            return Ok(true);
        }
        if let Some(place) = &meta.place
            && self.users_in(service, meta.room, place.room_state)? > 0
        {
            return Ok(true);
        }
        self.by_name(service, meta.room)
    }

    /// Whether the event says what one of a service's users is to a room.
    pub(crate) fn is_target(&self, service: &Service, pdu: &Pdu) -> bool {
        *pdu.kind() == TimelineEventType::RoomMember
            && pdu
                .state_key()
                .and_then(|user| UserId::parse(user).ok())
                .is_some_and(|user| self.owns(service, &user))
    }

    /// Whether a room concerns a service now.
    pub(crate) fn room(&self, service: &Service, room: RoomSid) -> Result<bool, Error> {
        let heads = ROOM_HEADS.get(self.store.engine(), &room)?;
        if let Some(heads) = heads
            && self.users_in(service, room, heads.state)? > 0
        {
            return Ok(true);
        }
        self.by_name(service, room)
    }

    /// Whether what is not tied to a room concerns a service: the user is its own, or in a room that concerns it.
    pub(crate) fn user(&self, service: &Service, user: UserSid) -> Result<bool, Error> {
        if self.owns_sid(service, user)? {
            return Ok(true);
        }
        self.in_a_room_that(service, user, |_| Ok(true))
    }

    /// Whether a user is in a room that concerns a service and that `counts` accepts.
    pub(crate) fn in_a_room_that(
        &self,
        service: &Service,
        user: UserSid,
        counts: impl Fn(RoomSid) -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        for room in self.rooms.joined_rooms(user)? {
            if self.room(service, room)? && counts(room)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a room is in a service's namespaces, by its id or by an alias that this server gave it.
    fn by_name(&self, service: &Service, room: RoomSid) -> Result<bool, Error> {
        let registration = &service.registration;
        if !registration.rooms.is_empty()
            && registration.is_interested_in_room(&self.store.ids().room_id(room)?)
        {
            return Ok(true);
        }
        if registration.aliases.is_empty() {
            return Ok(false);
        }
        let aliases = self.rooms.aliases_of(room)?;
        Ok(aliases.iter().any(|alias| registration.is_interested_in_alias(alias)))
    }

    /// How many users of a service are in a room, in a state of it.
    fn users_in(&self, service: &Service, room: RoomSid, root: StateRoot) -> Result<u64, Error> {
        let key = (service.number, room);
        let known = match self.counts.get(&key) {
            Some(known) => known,
            None => self.count(service, room)?,
        };
        let mut users = known.users;
        if known.root != root {
            for (entry, before, now) in self.rooms.state_at(room, root).changed_since(known.root)? {
                let (kind, state_key) = self.store.ids().state_key_of(entry)?;
                if kind != "m.room.member" {
                    continue;
                }
                let Ok(user) = UserId::parse(state_key) else { continue };
                if self.owns(service, &user) {
                    users += u64::from(self.joins(now)?);
                    users = users.saturating_sub(u64::from(self.joins(before)?));
                }
            }
        }
        self.counts.insert(key, Count { root, users });
        Ok(users)
    }

    /// How many users of a service are in a room now.
    fn count(&self, service: &Service, room: RoomSid) -> Result<Count, Error> {
        let view = self.store.read();
        let read: &dyn Read = &*view;
        let Some(heads) = ROOM_HEADS.get(read, &room)? else {
            return Ok(Count { root: StateRoot::EMPTY, users: 0 });
        };
        let mut users = 0;
        for row in LOCAL_JOINED.scan(read, &room, Direction::Forward) {
            let ((_, user), ()) = row?;
            users += u64::from(self.owns_sid(service, user)?);
        }
        Ok(Count { root: heads.state, users })
    }

    fn joins(&self, event: Option<EventSid>) -> Result<bool, Error> {
        let Some(event) = event else { return Ok(false) };
        let membership = self.rooms.pdu(event)?.content_field::<String>("membership");
        Ok(membership.as_deref().and_then(Membership::parse) == Some(Membership::Join))
    }
}
