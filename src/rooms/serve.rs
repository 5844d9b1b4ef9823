//! What other servers get to read of the rooms that they are in.
//!
//! Every read begins with [`Rooms::serve`], which refuses servers that are not in the room or that the room's access
//! control list keeps out, or with [`Rooms::serve_history`], which also lets servers that were in the room ask about
//! the time until they were put out: one that missed some events before it was told of its last one would otherwise
//! believe for ever that it is still in. Which events are handed out whole is judged in `serve/visibility.rs`. Events leave as the
//! text that is stored, without being read again.
//!
//! Deliberately absent: what servers do to come into a room (`membership/…`), and what they send (`receive/…`).
//! <https://spec.matrix.org/v1.19/server-server-api/>

mod auth_chain;
mod event;
mod hierarchy;
mod history;
pub(crate) mod state;
mod timestamp;
mod visibility;

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;

use kith_store::{
    Error, EventSid, Position, Read, StateKeySid,
    state::{RoomStates, StateRoot},
    tables::{
        events::{EVENT_META, EventMeta, Verdict},
        partial::find_partial,
    },
};
use ruma::{EventId, RoomId, ServerName, events::room::history_visibility::HistoryVisibility};

use self::visibility::Presence;
pub use self::{hierarchy::ServedHierarchy, history::MissingBetween, state::StateIds};
use crate::{Rooms, room::Room};

/// Why another server does not get what it asks for.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// It has no user in the room, or there is no such room: which of the two is not told.
    #[error("your server is not in this room")]
    NotInRoom,
    /// The room's access control list keeps it out.
    #[error("your server is banned from this room")]
    Banned,
    /// The operator has closed the room.
    #[error("this room is closed on this server")]
    Blocked,
    /// Who is in the room is not known here yet.
    #[error("this server cannot tell yet who is in this room")]
    Incomplete,
    /// There is no such thing, or the server may not know of it.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// A parameter makes no sense.
    #[error("{0}")]
    InvalidParam(&'static str),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// A room in the eyes of another server that is in it.
pub(crate) struct ServedRoom<'a> {
    rooms: &'a Rooms,
    read: &'a dyn Read,
    room: Room,
    server: &'a ServerName,
    /// The server is not in the room any more.
    parted: bool,
    states: RoomStates<'a>,
    /// While it is not known who is in the room, only what was sent from here is handed out: what was sent since this
    /// position, whole, because all who are said to be there were sent it.
    only_own: Option<Position>,
    /// Nothing behind this position is handed out yet: it may not be durable.
    horizon: Position,
    visibility_key: Option<StateKeySid>,
    /// The entries of the state that say what the server's users are to the room; found when first needed.
    member_keys: OnceCell<Vec<StateKeySid>>,
    visibilities: RefCell<HashMap<StateRoot, HistoryVisibility>>,
    presences: RefCell<HashMap<StateRoot, Presence>>,
}

impl Rooms {
    /// A room for a server that is in it.
    pub(crate) fn serve<'a>(
        &'a self,
        read: &'a dyn Read,
        server: &'a ServerName,
        room_id: &RoomId,
    ) -> Result<ServedRoom<'a>, ServeError> {
        let served = self.serve_history(read, server, room_id)?;
        if served.parted { Err(ServeError::NotInRoom) } else { Ok(served) }
    }

    /// A room for a server that is in it or was: then it may ask about events at which it was.
    pub(crate) fn serve_history<'a>(
        &'a self,
        read: &'a dyn Read,
        server: &'a ServerName,
        room_id: &RoomId,
    ) -> Result<ServedRoom<'a>, ServeError> {
        let served = self.serve_own(read, server, room_id)?;
        if served.only_own.is_some() { Err(ServeError::Incomplete) } else { Ok(served) }
    }

    /// The same, where events are asked for. While it is not known who is in the room, only what was sent from here is
    /// given, and only to servers that are said to be there: nobody else may have it.
    pub(crate) fn serve_own<'a>(
        &'a self,
        read: &'a dyn Read,
        server: &'a ServerName,
        room_id: &RoomId,
    ) -> Result<ServedRoom<'a>, ServeError> {
        let served = self.serve_anyone(read, server, room_id)?;
        if served.parted && (served.only_own.is_some() || served.member_keys()?.is_empty()) {
            return Err(ServeError::NotInRoom);
        }
        Ok(served)
    }

    fn serve_anyone<'a>(
        &'a self,
        read: &'a dyn Read,
        server: &'a ServerName,
        room_id: &RoomId,
    ) -> Result<ServedRoom<'a>, ServeError> {
        let room = self.room(room_id)?.ok_or(ServeError::NotInRoom)?;
        let is_in = match self.store.ids().find_server(server)? {
            Some(server) => self.is_in_room(server, room.sid)?,
            None => false,
        };
        self.check_may_ask(&room, server)?;
        let only_own = match find_partial(read, room.sid)? {
            Some(partial) => Some(self.joined_at(read, partial.join)?),
            None => None,
        };
        let states = RoomStates::new(read, room.sid, self.store.state_cache());
        let visibility_key = self.store.ids().find_state_key("m.room.history_visibility", "")?;
        Ok(ServedRoom {
            rooms: self,
            read,
            only_own,
            room,
            server,
            parted: !is_in,
            states,
            horizon: self.store.visible(),
            visibility_key,
            member_keys: OnceCell::new(),
            visibilities: RefCell::default(),
            presences: RefCell::default(),
        })
    }

    /// Where in the stream a join stands.
    fn joined_at(&self, read: &dyn Read, join: EventSid) -> Result<Position, Error> {
        let meta = EVENT_META.get(read, &join)?;
        Ok(meta.and_then(|meta| meta.place).and_then(|place| place.position).unwrap_or(Position::END))
    }

    /// Refuses whom nothing is told about this room, whoever is in it.
    fn check_may_ask(&self, room: &Room, server: &ServerName) -> Result<(), ServeError> {
        if !self.is_resident(room.sid)? {
            return Err(ServeError::NotInRoom);
        }
        if self.is_blocked(room.sid)? {
            return Err(ServeError::Blocked);
        }
        if self.is_allowed_by_acl(room.sid, server)? { Ok(()) } else { Err(ServeError::Banned) }
    }
}

impl ServedRoom<'_> {
    /// An event of the room that stands in its order, by its name.
    fn find_placed(&self, event_id: &EventId) -> Result<Option<(EventSid, EventMeta)>, Error> {
        let Some(event) = self.rooms.store.ids().find_event(event_id)? else { return Ok(None) };
        let Some(meta) = EVENT_META.get(self.read, &event)? else { return Ok(None) };
        let may_ask = meta.place.is_some() && self.may_leave(&meta) && self.was_there(&meta)?;
        Ok(may_ask.then_some((event, meta)))
    }

    /// Whether the server was in the room when an event happened, if it is not in it any more.
    fn was_there(&self, meta: &EventMeta) -> Result<bool, Error> {
        if !self.parted {
            return Ok(true);
        }
        match &meta.place {
            Some(place) => Ok(self.presence_at(place.state_before)? == Presence::Joined),
            None => Ok(false),
        }
    }

    /// What is answered where an event is not found that was asked about.
    fn no_event(&self) -> ServeError {
        if self.parted { ServeError::NotInRoom } else { ServeError::NotFound("event") }
    }

    /// Whether an event may be handed out although not all of the room is known.
    fn is_own(&self, meta: &EventMeta) -> Result<bool, Error> {
        Ok(self.rooms.is_local(&self.rooms.store.ids().user_id(meta.sender)?))
    }

    /// Whether an event may be spoken of at all: it belongs to the room, was not rejected, and is on the disk.
    fn may_leave(&self, meta: &EventMeta) -> bool {
        let position = meta.place.as_ref().and_then(|place| place.position);
        meta.room == self.room.sid
            && meta.verdict != Verdict::Rejected
            && position.is_none_or(|position| position <= self.horizon)
    }
}
