//! A room while it is being founded: nobody else knows it, and it is written whole or not at all.

use kith_accounts::Requester;
use kith_event::{RoomVersion, build::Draft};
use kith_store::{EventSid, RoomSid, Txn, tables::members::Membership};
use ruma::{OwnedRoomId, RoomId, UserId, events::StateEventType};
use serde_json::{Map, Value};

use crate::{
    Rooms, WriteError, acting::content, commit::RoomWrite, drafting::build_create, lane::LaneGuard,
    membership::MemberContent, room::Room,
};

/// How many random characters name a room, in the versions where its create event does not.
const ROOM_NAME_CHARACTERS: usize = 18;
/// How often another millisecond is tried when a room of just this create event exists.
const ATTEMPTS_MAX: u64 = 1_000;

/// A room that is being founded: its creator is in it already.
pub(crate) struct Founding<'a> {
    rooms: &'a Rooms,
    lane: LaneGuard<'a>,
    pub(crate) write: RoomWrite<'a>,
    /// Rows beside the room's own that belong to the same act.
    pub(crate) txn: Txn,
    timestamp_ms: u64,
}

impl<'a> Founding<'a> {
    /// Founds a room with this create content; its creator joins.
    pub(crate) fn begin(
        rooms: &'a Rooms,
        creator: &Requester,
        version: &'static RoomVersion,
        create: Map<String, Value>,
        now_ms: u64,
    ) -> Result<Self, WriteError> {
        let user = &creator.user_id;
        // Where its hash names the room, two equal create events would be one room; the time tells them apart.
        for later_ms in 0..ATTEMPTS_MAX {
            let timestamp_ms = now_ms + later_ms;
            let named = if version.room_id_is_create_hash() { None } else { Some(new_room_id(rooms)?) };
            let draft = Draft::state(StateEventType::RoomCreate, "", content(&create)?);
            let pdu = build_create(rooms, version, named.as_deref(), draft, user, timestamp_ms)?;
            let ids = rooms.store.ids();
            let (sid, event) = (ids.room(pdu.room_id())?, ids.event(pdu.event_id())?);
            let lane = rooms.lanes.enter(sid)?;
            if rooms.find_room_of(sid)?.is_some() {
                continue;
            }
            let room = Room { sid, id: pdu.room_id().clone(), version, create: event };
            let mut write = RoomWrite::begin(rooms, room);
            write.accept(pdu, None)?;
            let joining = MemberContent::new(Membership::Join, None).with_profile(rooms, user)?;
            write.send_member(user, user, &joining, timestamp_ms)?;
            return Ok(Self { rooms, lane, write, txn: rooms.store.begin(), timestamp_ms });
        }
        Err(WriteError::Busy)
    }

    /// The room's name.
    pub(crate) fn room_id(&self) -> &OwnedRoomId {
        &self.write.room.id
    }

    /// The room's number.
    pub(crate) fn room(&self) -> RoomSid {
        self.write.room.sid
    }

    /// Adds a state event.
    pub(crate) fn send(&mut self, draft: Draft, sender: &UserId) -> Result<EventSid, WriteError> {
        self.write.send(draft, sender, self.timestamp_ms)
    }

    /// Writes the room and waits for the disk.
    pub(crate) fn done(self) -> Result<(), WriteError> {
        let Self { rooms, lane, write, txn, .. } = self;
        let committed = rooms.commit([write], txn)?;
        drop(lane);
        Ok(committed.wait_durable()?)
    }

    /// Writes the room together with another one, and waits for the disk.
    pub(crate) fn done_with(self, other: RoomWrite<'a>) -> Result<(), WriteError> {
        let Self { rooms, lane, write, txn, .. } = self;
        let committed = rooms.commit([write, other], txn)?;
        drop(lane);
        Ok(committed.wait_durable()?)
    }
}

fn new_room_id(rooms: &Rooms) -> Result<OwnedRoomId, WriteError> {
    let name = rooms.random.alphanumeric(ROOM_NAME_CHARACTERS);
    RoomId::parse(format!("!{name}:{}", rooms.server_name))
        .map_err(|error| WriteError::Malformed(error.to_string()))
}
