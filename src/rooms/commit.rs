//! The only writer of room tables. A [`RoomWrite`] collects the events of one verb, each judged already, and keeps the
//! room as it will be; [`Rooms::commit`] then writes everything in one batch, or nothing.
//!
//! Whether an event may be written is not asked here: that is `ingest.rs`.

mod extremities;
mod members;
mod mentions;
mod redactions;
mod relations;
mod rows;
mod stripped;

use std::collections::{BTreeMap, HashMap};

use kith_event::Pdu;
use kith_store::{
    Committed, Error, EventSid, Position, RoomSid, Txn,
    state::{RoomStates, StateRoot},
    tables::{
        events::{EVENT_META, EventMeta, Transaction, Verdict},
        rooms::{Heads, ROOM_HEADS, ROOMS, RoomRecord},
    },
};
use ruma::events::StateEventType;

use crate::{
    Rooms, ingest::Judged, room::Room, room_state::SharedPowers, state_before, write_error::WriteError,
};

pub(crate) use self::relations::RelatesTo;

/// One room inside a verb: what is stored, and what is about to be. Whoever has one holds the room's lane.
pub(crate) struct RoomWrite<'a> {
    pub(crate) rooms: &'a Rooms,
    pub(crate) room: Room,
    /// Where the room will stand.
    pub(crate) heads: Heads,
    pub(crate) states: RoomStates<'a>,
    is_new: bool,
    events: Vec<NewEvent>,
    index: HashMap<EventSid, usize>,
    threads: BTreeMap<EventSid, relations::ThreadRows>,
    redactions: Vec<redactions::Redaction>,
}

/// An event that is about to be written.
pub(crate) struct NewEvent {
    pub(crate) sid: EventSid,
    pub(crate) pdu: Pdu,
    pub(crate) meta: EventMeta,
    /// The room's current state before the event arrived.
    room_state_before: StateRoot,
    relates_to: Option<RelatesTo>,
}

/// What has to be done with the caches once a batch is written.
struct Aftermath {
    room: RoomSid,
    pdus: Vec<(EventSid, Pdu)>,
    local_members_changed: bool,
    powers_changed: bool,
}

impl Rooms {
    /// Writes rooms atomically. The answer is durable only after [`Committed::wait_durable`], for which the lanes
    /// should have been left.
    pub(crate) fn commit<'a>(
        &self,
        writes: impl IntoIterator<Item = RoomWrite<'a>>,
        mut txn: Txn,
    ) -> Result<Committed, Error> {
        let mut aftermaths = Vec::new();
        for write in writes {
            aftermaths.push(write.finish(&mut txn)?);
        }
        let committed = self.store.commit(txn)?;
        for aftermath in aftermaths {
            self.settle(aftermath);
        }
        Ok(committed)
    }

    fn settle(&self, aftermath: Aftermath) {
        for (event, pdu) in aftermath.pdus {
            self.pdus.put(event, pdu);
        }
        if aftermath.local_members_changed {
            self.states.forget_local_joined(aftermath.room);
        }
        if aftermath.powers_changed {
            self.states.forget_powers();
        }
    }
}

impl<'a> RoomWrite<'a> {
    /// The room as it is stored.
    pub(crate) fn open(rooms: &'a Rooms, room: Room) -> Result<Self, Error> {
        let heads = rooms.heads(room.sid)?;
        Ok(Self::over(rooms, room, heads, false))
    }

    /// A room that does not exist yet; its first event is to be `room.create`.
    pub(crate) fn begin(rooms: &'a Rooms, room: Room) -> Self {
        let heads = Heads {
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
        Self::over(rooms, room, heads, true)
    }

    fn over(rooms: &'a Rooms, room: Room, heads: Heads, is_new: bool) -> Self {
        let states = RoomStates::new(rooms.store.engine(), room.sid, rooms.store.state_cache());
        Self {
            rooms,
            room,
            heads,
            states,
            is_new,
            events: Vec::new(),
            index: HashMap::new(),
            threads: BTreeMap::new(),
            redactions: Vec::new(),
        }
    }

    /// Whether the room is being founded by this verb.
    pub(crate) fn is_new(&self) -> bool {
        self.is_new
    }

    /// Whether nothing is to be written.
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// An event of the room, if it is stored or about to be.
    pub(crate) fn find_pdu(&self, event: EventSid) -> Result<Option<Pdu>, Error> {
        match self.index.get(&event) {
            Some(index) => Ok(Some(self.events[*index].pdu.clone())),
            None => self.rooms.find_pdu(event),
        }
    }

    /// An event that the room's state or graph mentions.
    pub(crate) fn pdu(&self, event: EventSid) -> Result<Pdu, Error> {
        let missing = || Error::Missing { table: "event_meta", key: event.0.to_string() };
        self.find_pdu(event)?.ok_or_else(missing)
    }

    /// What is known of an event, if it is stored or about to be.
    pub(crate) fn find_meta(&self, event: EventSid) -> Result<Option<EventMeta>, Error> {
        match self.index.get(&event) {
            Some(index) => Ok(Some(self.events[*index].meta.clone())),
            None => EVENT_META.get(self.rooms.store.engine(), &event),
        }
    }

    pub(crate) fn meta(&self, event: EventSid) -> Result<EventMeta, Error> {
        let missing = || Error::Missing { table: "event_meta", key: event.0.to_string() };
        self.find_meta(event)?.ok_or_else(missing)
    }

    /// The event of one entry of a state.
    pub(crate) fn event_of(
        &self,
        root: StateRoot,
        kind: &StateEventType,
        state_key: &str,
    ) -> Result<Option<EventSid>, Error> {
        match self.rooms.store.ids().find_state_key(&kind.to_string(), state_key)? {
            Some(key) => self.states.get(root, key),
            None => Ok(None),
        }
    }

    /// The same, read.
    pub(crate) fn state_pdu(
        &self,
        root: StateRoot,
        kind: &StateEventType,
        state_key: &str,
    ) -> Result<Option<Pdu>, Error> {
        self.event_of(root, kind, state_key)?.map(|event| self.pdu(event)).transpose()
    }

    /// One entry of the current state, read.
    pub(crate) fn current(&self, kind: &StateEventType, state_key: &str) -> Result<Option<Pdu>, Error> {
        self.state_pdu(self.heads.state, kind, state_key)
    }

    /// Who may do what in a state.
    pub(crate) fn powers(&self, root: StateRoot) -> Result<SharedPowers, Error> {
        // What is stored is cached under its root; what is being made is not worth it.
        if self.events.is_empty() && !self.is_new {
            return self.rooms.state_at(self.room.sid, root).powers();
        }
        let create = self.pdu(self.room.create)?;
        let levels = self.state_pdu(root, &StateEventType::RoomPowerLevels, "")?;
        Ok(SharedPowers::new(&create, levels.as_ref()))
    }

    /// Takes a judged event in: the room's heads move, nothing is written yet.
    pub(crate) fn append(
        &mut self,
        judged: Judged,
        transaction: Option<Transaction>,
    ) -> Result<EventSid, WriteError> {
        let ids = self.rooms.store.ids();
        let Judged { sid, pdu, verdict, reason, auth, prev, state_before } = judged;
        let pdu = pdu.with_rejected(verdict == Verdict::Rejected);
        let state_key =
            pdu.state_key().map(|state_key| ids.state_key(&pdu.kind_text(), state_key)).transpose()?;
        let state_after = match state_key {
            Some(key) if verdict != Verdict::Rejected => self.states.insert(state_before, key, sid)?,
            _ => state_before,
        };
        let meta = EventMeta {
            room: self.room.sid,
            sender: ids.user(pdu.sender())?,
            state_key,
            verdict,
            place: None,
            timestamp_ms: pdu.origin_server_ts(),
            depth: pdu.depth(),
            auth_depth: self.auth_depth(&auth)?,
            auth,
            prev,
            redacted_by: None,
            transaction,
            reason,
        };
        let room_state_before = self.heads.state;
        let relates_to = RelatesTo::of(&pdu).filter(|_| verdict == Verdict::Accepted);
        self.index.insert(sid, self.events.len());
        self.events.push(NewEvent { sid, pdu, meta, room_state_before, relates_to });
        if verdict == Verdict::Accepted {
            self.advance(sid, state_after)?;
        }
        self.place(state_before, state_after)?;
        if verdict == Verdict::Accepted {
            self.note_redactions()?;
        }
        Ok(sid)
    }

    /// The room moves on to an accepted event.
    fn advance(&mut self, event: EventSid, state_after: StateRoot) -> Result<(), WriteError> {
        self.replace_extremities(event)?;
        self.heads.state = match self.heads.extremities.as_slice() {
            [_only] => state_after,
            _ => state_before::after_all(self, &self.heads.extremities.clone(), Some((event, state_after)))?,
        };
        self.heads.depth = self.heads.depth.max(self.meta(event)?.depth);
        Ok(())
    }

    fn auth_depth(&self, auth: &[EventSid]) -> Result<u64, Error> {
        let mut depths = Vec::with_capacity(auth.len());
        for event in auth {
            depths.push(self.meta(*event)?.auth_depth);
        }
        Ok(kith_event::resolve::auth_depth(depths))
    }

    fn finish(mut self, txn: &mut Txn) -> Result<Aftermath, Error> {
        let mut aftermath = Aftermath {
            room: self.room.sid,
            pdus: Vec::new(),
            local_members_changed: false,
            powers_changed: false,
        };
        self.write_events(txn, &mut aftermath)?;
        self.write_redactions(txn, &mut aftermath)?;
        self.write_threads(txn);
        let mut roots = vec![self.heads.state];
        for event in &self.events {
            if let Some(place) = &event.meta.place {
                roots.extend([place.state_before, place.state_after, place.room_state]);
            }
        }
        self.states.write(&mut txn.batch, &roots);
        if self.is_new {
            let version = self.room.version.id().to_string();
            let record = RoomRecord { version, create: self.room.create, blocked: false };
            ROOMS.put(&mut txn.batch, &self.room.sid, &record);
        }
        ROOM_HEADS.put(&mut txn.batch, &self.room.sid, &self.heads);
        aftermath.pdus.extend(self.events.into_iter().map(|event| (event.sid, event.pdu)));
        Ok(aftermath)
    }
}
