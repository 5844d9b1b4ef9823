//! One answer in the making: who asks for what, and the moment of the store it is read at.

use kith_rooms::{Rooms, viewer::Viewer};
use kith_store::{Position, Read, RoomSid, UserSid, state::RoomStates};
use ruma::OwnedRoomId;

use crate::{StateAfter, Sync, SyncFilter, sent_members::Connection};

/// What every section is read from.
pub(crate) struct Moment<'a> {
    pub(crate) sync: &'a Sync,
    /// One snapshot for the whole answer.
    pub(crate) read: &'a dyn Read,
    /// Who is asking.
    pub(crate) user: UserSid,
    /// The device, unless the token belongs to none.
    pub(crate) device_id: Option<&'a str>,
    pub(crate) viewer: &'a Viewer,
    pub(crate) connection: Connection,
    pub(crate) filter: &'a SyncFilter,
    /// Up to where the client knows everything; a client that starts has nothing.
    pub(crate) since: Option<Position>,
    /// Up to where the client's device has got its messages.
    pub(crate) to_device_since: Position,
    /// Up to where the answer reaches. The snapshot may hold rows from behind it; they wait for the next answer.
    pub(crate) until: Position,
    pub(crate) full_state: bool,
    pub(crate) state_after: StateAfter,
}

impl<'a> Moment<'a> {
    pub(crate) fn rooms(&self) -> &'a Rooms {
        &self.sync.rooms
    }

    pub(crate) fn states(&self, room: RoomSid) -> RoomStates<'a> {
        RoomStates::new(self.read, room, self.sync.store.state_cache())
    }

    pub(crate) fn room_id(&self, room: RoomSid) -> Result<OwnedRoomId, kith_store::Error> {
        self.sync.store.ids().room_id(room)
    }
}
