//! Who may see what: the one place for history visibility.
//!
//! [`RoomView`] is one room in the eyes of one [`Viewer`] at one moment of the store. Every read of a room that ends
//! at a client goes through it: it says whether the room may be read at all, up to which state, and which events
//! are shown. It is made to be asked for many events at once; states that events share are looked at once.
//!
//! Shown are only events that passed the checks on receipt and stand in the room's order, whose state allows it:
//! <https://spec.matrix.org/v1.19/client-server-api/#server-behaviour-6>

mod look;
mod standing;

use std::{cell::RefCell, collections::HashMap};

use kith_store::{
    Error, EventSid, Position, Read, RoomSid, StateKeySid,
    state::{RoomStates, StateRoot},
    tables::{
        events::EventMeta,
        members::{MEMBERSHIPS, Membership, MembershipRecord},
        rooms::{Heads, ROOM_HEADS},
    },
};
use ruma::{RoomId, events::room::history_visibility::HistoryVisibility};

pub use self::standing::{Departure, Standing};
use crate::{ReadError, Rooms, room_state::membership_of, viewer::Viewer};

/// An event that the viewer may see, with what was read of it on the way.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The event.
    pub event: EventSid,
    /// Its metadata.
    pub meta: EventMeta,
    /// Only what redaction would leave of it may be shown: its sender was erased.
    pub redacted: bool,
}

/// One room in the eyes of one viewer.
pub struct RoomView<'a> {
    pub(crate) rooms: &'a Rooms,
    pub(crate) read: &'a dyn Read,
    pub(crate) room: RoomSid,
    pub(crate) viewer: &'a Viewer,
    pub(crate) states: RoomStates<'a>,
    heads: Option<Heads>,
    /// The viewer's row among the members.
    member: Option<MembershipRecord>,
    standing: Standing,
    /// Anybody may read the room as it is now. Only asked for those who are not in it.
    world_readable: bool,
    /// Nothing behind this position is shown yet: it may not be durable.
    horizon: Position,
    visibility_key: Option<StateKeySid>,
    member_key: Option<StateKeySid>,
    visibilities: RefCell<HashMap<StateRoot, HistoryVisibility>>,
    memberships: RefCell<HashMap<StateRoot, Option<Membership>>>,
}

impl Rooms {
    /// A room in the eyes of a viewer, whether or not they may read it.
    pub fn view<'a>(
        &'a self,
        read: &'a dyn Read,
        room: RoomSid,
        viewer: &'a Viewer,
    ) -> Result<RoomView<'a>, Error> {
        let ids = self.store.ids();
        let member_key = match &viewer.user_id {
            Some(user_id) => ids.find_state_key("m.room.member", user_id.as_str())?,
            None => None,
        };
        let mut view = RoomView {
            rooms: self,
            read,
            room,
            viewer,
            states: RoomStates::new(read, room, self.store.state_cache()),
            heads: ROOM_HEADS.get(read, &room)?,
            member: match viewer.user {
                Some(user) => MEMBERSHIPS.get(read, &(user, room))?,
                None => None,
            },
            standing: Standing::Outside,
            world_readable: false,
            horizon: self.store.visible(),
            visibility_key: ids.find_state_key("m.room.history_visibility", "")?,
            member_key,
            visibilities: RefCell::default(),
            memberships: RefCell::default(),
        };
        view.standing = standing::find(&view)?;
        let root = view.heads.as_ref().map(|heads| heads.state);
        if let Some(root) = root.filter(|_| view.standing != Standing::Joined) {
            view.world_readable = view.history_visibility_at(root)? == HistoryVisibility::WorldReadable;
        }
        Ok(view)
    }

    /// A room in the eyes of a viewer who may read it, be it only up to the point where they left.
    pub fn enter<'a>(
        &'a self,
        read: &'a dyn Read,
        room_id: &RoomId,
        viewer: &'a Viewer,
    ) -> Result<RoomView<'a>, ReadError> {
        // A room that does not exist and a room that is none of the viewer's business look the same.
        let room = self.store.ids().find_room(room_id)?.ok_or(ReadError::Forbidden)?;
        let view = self.view(read, room, viewer)?;
        if view.may_read() { Ok(view) } else { Err(ReadError::Forbidden) }
    }

    /// Which of a room's events a viewer may see, in the events' order.
    pub fn visible(
        &self,
        read: &dyn Read,
        room: RoomSid,
        viewer: &Viewer,
        events: &[EventSid],
    ) -> Result<Vec<bool>, Error> {
        let seen = self.view(read, room, viewer)?.look(events)?;
        Ok(seen.iter().map(Option::is_some).collect())
    }
}

impl RoomView<'_> {
    /// The room.
    pub fn room(&self) -> RoomSid {
        self.room
    }

    /// Nothing that arrived behind this position is shown: it may not be durable yet.
    pub fn horizon(&self) -> Position {
        self.horizon
    }

    /// Where the room stands now; none for rooms this server was only invited to.
    pub fn heads(&self) -> Option<&Heads> {
        self.heads.as_ref()
    }

    /// The viewer's present membership, be it only an invite to a room that this server is not in.
    pub fn member(&self) -> Option<&MembershipRecord> {
        self.member.as_ref()
    }

    /// What the viewer is to the room's history.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// Whether the viewer may read on although they are not in the room: everybody may.
    pub fn may_peek(&self) -> bool {
        self.world_readable
    }

    /// Whether the viewer may read anything of the room: they are in it, were in it, or everybody may.
    pub fn may_read(&self) -> bool {
        self.reading_point().is_some()
    }

    /// The state that the viewer may read: the current one for members and for those who look into a world-readable
    /// room, the one at the point of leaving for those who left.
    pub fn reading_point(&self) -> Option<StateRoot> {
        let current = self.heads.as_ref()?.state;
        match &self.standing {
            Standing::Joined => Some(current),
            Standing::Departed(departure) => Some(departure.state),
            Standing::Outside => self.world_readable.then_some(current),
        }
    }

    /// The history visibility of a state. Where nothing, or nothing known, is set, it is `shared`.
    pub fn history_visibility_at(&self, root: StateRoot) -> Result<HistoryVisibility, Error> {
        if let Some(known) = self.visibilities.borrow().get(&root) {
            return Ok(known.clone());
        }
        let event = self.entry(root, self.visibility_key)?;
        let set: Option<HistoryVisibility> = match event {
            Some(event) => self.rooms.pdu(event)?.content_field("history_visibility"),
            None => None,
        };
        let visibility = match set {
            Some(HistoryVisibility::WorldReadable) => HistoryVisibility::WorldReadable,
            Some(HistoryVisibility::Invited) => HistoryVisibility::Invited,
            Some(HistoryVisibility::Joined) => HistoryVisibility::Joined,
            _ => HistoryVisibility::Shared,
        };
        self.visibilities.borrow_mut().insert(root, visibility.clone());
        Ok(visibility)
    }

    /// The viewer's membership in a state.
    pub fn membership_at(&self, root: StateRoot) -> Result<Option<Membership>, Error> {
        if let Some(known) = self.memberships.borrow().get(&root) {
            return Ok(*known);
        }
        let membership = match self.entry(root, self.member_key)? {
            Some(event) => self.membership_of(event)?,
            None => None,
        };
        self.memberships.borrow_mut().insert(root, membership);
        Ok(membership)
    }

    pub(crate) fn membership_of(&self, event: EventSid) -> Result<Option<Membership>, Error> {
        Ok(membership_of(&self.rooms.pdu(event)?))
    }

    fn entry(&self, root: StateRoot, key: Option<StateKeySid>) -> Result<Option<EventSid>, Error> {
        match key {
            Some(key) => self.states.get(root, key),
            None => Ok(None),
        }
    }
}
