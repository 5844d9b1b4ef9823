//! The only writer of room tables. A [`RoomWrite`] collects the events of one verb, each judged already, and keeps the
//! room as it will be; [`Rooms::commit`] then writes everything in one batch, or nothing.
//!
//! Whether an event may be written is not asked here: that is `ingest.rs`.

mod edges;
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
    Committed, Error, EventSid, Position, RoomSid, Txn, UserSid,
    state::{RoomStates, StateRoot},
    tables::{
        events::{EVENT_META, EventMeta, Transaction, Verdict},
        rooms::{Heads, ROOM_HEADS, ROOMS, RoomRecord},
    },
};
use ruma::events::StateEventType;

use crate::{
    Rooms,
    ingest::{Judged, JudgedOutlier},
    policy::Signing,
    room::Room,
    room_state::SharedPowers,
    state_before,
    write_error::WriteError,
};

pub(crate) use self::{relations::RelatesTo, stripped::STRIPPED_TYPES};

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
    edges: Option<edges::Edges>,
    pub(crate) signing: Signing,
}

/// How an event enters the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// As something new: the room moves on to it, and it is told of.
    Live,
    /// As something that has long been: it stands in the order of the conversation, and nobody is told.
    History,
    /// Without a place: it is only known as authority, or as an entry of a state.
    Outlier,
}

/// An event that is about to be written.
pub(crate) struct NewEvent {
    pub(crate) sid: EventSid,
    pub(crate) pdu: Pdu,
    pub(crate) meta: EventMeta,
    pub(crate) arrival: Arrival,
    /// The room's current state before the event arrived.
    room_state_before: StateRoot,
    relates_to: Option<RelatesTo>,
}

/// What has to be done with the caches once a batch is written.
struct Aftermath {
    room: RoomSid,
    pdus: Vec<(EventSid, Pdu)>,
    local_members: BTreeMap<UserSid, bool>,
    powers_changed: bool,
    acls_changed: bool,
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
        if !aftermath.local_members.is_empty() {
            self.states.change_local_joined(aftermath.room, &aftermath.local_members);
        }
        if aftermath.powers_changed {
            self.states.forget_powers();
        }
        if aftermath.acls_changed {
            self.acls.forget();
        }
    }
}

impl<'a> RoomWrite<'a> {
    /// The room as it is stored.
    pub(crate) fn open(rooms: &'a Rooms, room: Room) -> Result<Self, Error> {
        let heads = rooms.heads(room.sid)?;
        Ok(Self::over(rooms, room, heads, false))
    }

    /// A room that does not exist yet, or that this server has only heard of. Its first event is to be `room.create`,
    /// unless its state is given.
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
            edges: None,
            signing: Signing::default(),
        }
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
        self.place_event(judged, transaction, Arrival::Live)
    }

    /// Takes in an event that has long been, at a place below the room's newest: the room does not move.
    pub(crate) fn append_history(&mut self, judged: Judged) -> Result<EventSid, WriteError> {
        self.place_event(judged, None, Arrival::History)
    }

    /// Takes in an event without a place. All its auth events must be here.
    pub(crate) fn append_outlier(&mut self, judged: JudgedOutlier) -> Result<EventSid, WriteError> {
        let JudgedOutlier { sid, pdu, verdict, reason, auth, prev } = judged;
        let pdu = pdu.with_rejected(verdict == Verdict::Rejected);
        let meta = EventMeta { reason, ..self.new_meta(&pdu, verdict, auth, prev)? };
        self.push(sid, pdu, meta, Arrival::Outlier);
        self.note_waiting(sid)?;
        Ok(sid)
    }

    fn place_event(
        &mut self,
        judged: Judged,
        transaction: Option<Transaction>,
        arrival: Arrival,
    ) -> Result<EventSid, WriteError> {
        let Judged { sid, pdu, verdict, reason, auth, prev, state_before, hash_matched, own, unsigned: _ } =
            judged;
        let mut pdu = pdu.with_rejected(verdict == Verdict::Rejected);
        let mut meta = EventMeta { transaction, reason, ..self.new_meta(&pdu, verdict, auth, prev)? };
        // What was known of it as an outlier: it may have been redacted meanwhile, or have come whole before.
        if let Some(outlier) = self.find_meta(sid)? {
            meta.redacted_by = outlier.redacted_by;
            if outlier.redacted_by.is_some() || !hash_matched {
                pdu = self.pdu(sid)?.with_rejected(verdict == Verdict::Rejected);
            }
        }
        let state_after = match meta.state_key {
            Some(key) if verdict != Verdict::Rejected => self.states.insert(state_before, key, sid)?,
            _ => state_before,
        };
        self.push(sid, pdu, meta, arrival);
        if verdict == Verdict::Accepted && arrival == Arrival::Live {
            self.advance(sid, state_after, own)?;
        }
        self.place(state_before, state_after)?;
        if verdict == Verdict::Accepted {
            self.note_redactions()?;
        }
        if !own {
            self.move_edges(sid)?;
        }
        Ok(sid)
    }

    fn new_meta(
        &self,
        pdu: &Pdu,
        verdict: Verdict,
        auth: Vec<EventSid>,
        prev: Vec<EventSid>,
    ) -> Result<EventMeta, Error> {
        let ids = self.rooms.store.ids();
        let state_key = pdu.state_key().map(|state_key| ids.state_key(&pdu.kind_text(), state_key));
        Ok(EventMeta {
            room: self.room.sid,
            sender: ids.user(pdu.sender())?,
            state_key: state_key.transpose()?,
            verdict,
            place: None,
            timestamp_ms: pdu.origin_server_ts(),
            depth: pdu.depth(),
            auth_depth: self.auth_depth(&auth)?,
            auth,
            prev,
            redacted_by: None,
            transaction: None,
            reason: None,
        })
    }

    fn push(&mut self, sid: EventSid, pdu: Pdu, meta: EventMeta, arrival: Arrival) {
        let placed = arrival != Arrival::Outlier;
        let relates_to = RelatesTo::of(&pdu).filter(|_| placed && meta.verdict == Verdict::Accepted);
        let room_state_before = self.heads.state;
        self.index.insert(sid, self.events.len());
        self.events.push(NewEvent { sid, pdu, meta, arrival, room_state_before, relates_to });
    }

    /// The room moves on to an accepted event, unless what follows it is here already.
    fn advance(&mut self, event: EventSid, state_after: StateRoot, own: bool) -> Result<(), WriteError> {
        let before = self.heads.extremities.clone();
        let is_newest = own || !self.is_below_an_edge(event)?;
        self.replace_extremities(event, is_newest)?;
        if self.heads.extremities != before {
            self.heads.state = match self.heads.extremities.as_slice() {
                [only] if *only == event => state_after,
                _ => {
                    let all = self.heads.extremities.clone();
                    state_before::after_all(self, &all, Some((event, state_after)))?
                }
            };
        }
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
            local_members: BTreeMap::new(),
            powers_changed: false,
            acls_changed: false,
        };
        self.write_events(txn, &mut aftermath)?;
        self.write_redactions(txn, &mut aftermath)?;
        self.write_threads(txn);
        self.write_edges(txn);
        let mut roots = vec![self.heads.state];
        for event in &self.events {
            if let Some(place) = &event.meta.place {
                roots.extend([place.state_before, place.state_after, place.room_state]);
            }
        }
        self.states.write(&mut txn.batch, &roots);
        if self.is_new {
            let version = self.room.version.id().to_string();
            let known = ROOMS.get(self.rooms.store.engine(), &self.room.sid)?;
            let blocked = known.is_some_and(|record| record.blocked);
            let record = RoomRecord { version, create: self.room.create, blocked };
            ROOMS.put(&mut txn.batch, &self.room.sid, &record);
        }
        ROOM_HEADS.put(&mut txn.batch, &self.room.sid, &self.heads);
        aftermath.pdus.extend(self.events.into_iter().map(|event| (event.sid, event.pdu)));
        Ok(aftermath)
    }
}
