//! What other servers get to read of the rooms that they are in.
//!
//! Every read begins with [`Rooms::serve`], which refuses servers that are not in the room or that the room's access
//! control list keeps out. Which events are handed out whole is judged in `serve/visibility.rs`. Events leave as the
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
    states: RoomStates<'a>,
    /// Only what was sent from here is handed out.
    only_own: bool,
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
        let served = self.serve_own(read, server, room_id)?;
        if served.only_own { Err(ServeError::Incomplete) } else { Ok(served) }
    }

    /// The same, where events are asked for. While it is not known who is in the room, only what was sent from here is
    /// given, and only to servers that are said to be there: nobody else may have it.
    pub(crate) fn serve_own<'a>(
        &'a self,
        read: &'a dyn Read,
        server: &'a ServerName,
        room_id: &RoomId,
    ) -> Result<ServedRoom<'a>, ServeError> {
        let room = self.room(room_id)?.ok_or(ServeError::NotInRoom)?;
        self.check_may_ask(&room, server)?;
        let states = RoomStates::new(read, room.sid, self.store.state_cache());
        let visibility_key = self.store.ids().find_state_key("m.room.history_visibility", "")?;
        Ok(ServedRoom {
            rooms: self,
            read,
            only_own: find_partial(read, room.sid)?.is_some(),
            room,
            server,
            states,
            horizon: self.store.visible(),
            visibility_key,
            member_keys: OnceCell::new(),
            visibilities: RefCell::default(),
            presences: RefCell::default(),
        })
    }

    /// Refuses a server that may not ask about the inside of a room.
    pub(crate) fn check_may_ask(&self, room: &Room, server: &ServerName) -> Result<(), ServeError> {
        let is_in = match self.store.ids().find_server(server)? {
            Some(server) => self.is_in_room(server, room.sid)?,
            None => false,
        };
        if !is_in || !self.is_resident(room.sid)? {
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
        let meta = EVENT_META.get(self.read, &event)?;
        Ok(meta.filter(|meta| meta.place.is_some() && self.may_leave(meta)).map(|meta| (event, meta)))
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
