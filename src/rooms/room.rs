//! What a room is: its number, name, version and create event, none of which ever changes; and where it stands now.

use kith_event::RoomVersion;
use kith_store::{
    Error, EventSid, RoomSid, UserSid,
    tables::rooms::{self, Heads, ROOM_HEADS, ROOMS, RoomRecord},
};
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId, RoomId, events::StateEventType};

use crate::Rooms;

/// A room that this server knows.
#[derive(Clone, Debug)]
pub struct Room {
    /// Its number.
    pub sid: RoomSid,
    /// Its name.
    pub id: OwnedRoomId,
    /// Its version.
    pub version: &'static RoomVersion,
    /// Its create event.
    pub create: EventSid,
}

impl Rooms {
    /// The room of this name, if this server knows it.
    pub fn room(&self, room_id: &RoomId) -> Result<Option<Room>, Error> {
        let Some(sid) = self.store.ids().find_room(room_id)? else { return Ok(None) };
        self.find_room_of(sid)
    }

    /// The room of a number that other rows mention.
    pub fn room_of(&self, sid: RoomSid) -> Result<Room, Error> {
        self.find_room_of(sid)?.ok_or_else(|| Error::Missing { table: "rooms", key: sid.0.to_string() })
    }

    /// The id of an event, here or only heard of.
    pub fn event_id_of(&self, event: EventSid) -> Result<OwnedEventId, Error> {
        self.store.ids().event_id(event)
    }

    /// The id of a user, of whichever server.
    pub fn user_id_of(&self, user: UserSid) -> Result<OwnedUserId, Error> {
        self.store.ids().user_id(user)
    }

    /// Whether everybody may join a room.
    pub fn is_public(&self, room: &Room) -> Result<bool, Error> {
        let Some(heads) = self.find_heads(room.sid)? else { return Ok(false) };
        let rule = self.state_at(room.sid, heads.state).get(&StateEventType::RoomJoinRules, "")?;
        let rule = rule.and_then(|pdu| pdu.content_field::<String>("join_rule"));
        Ok(rule.as_deref() == Some("public"))
    }

    /// The name of a room, known to this server or not.
    pub fn room_id_of(&self, sid: RoomSid) -> Result<OwnedRoomId, Error> {
        self.store.ids().room_id(sid)
    }

    /// Where a room stands now.
    pub fn heads(&self, room: RoomSid) -> Result<Heads, Error> {
        rooms::get_heads(self.store.engine(), room)
    }

    /// Where a room stands now, if this server takes part in it.
    pub fn find_heads(&self, room: RoomSid) -> Result<Option<Heads>, Error> {
        ROOM_HEADS.get(self.store.engine(), &room)
    }

    /// Whether the operator has closed a room.
    pub fn is_blocked(&self, room: RoomSid) -> Result<bool, Error> {
        Ok(ROOMS.get(self.store.engine(), &room)?.is_some_and(|record| record.blocked))
    }

    /// Closes a room to this server's users, or opens it again: for operators.
    pub fn set_blocked(&self, room: RoomSid, blocked: bool) -> Result<(), Error> {
        let mut record = ROOMS
            .get(self.store.engine(), &room)?
            .ok_or_else(|| Error::Missing { table: "rooms", key: room.0.to_string() })?;
        record.blocked = blocked;
        let mut txn = self.store.begin();
        ROOMS.put(&mut txn.batch, &room, &record);
        self.store.commit_durably(txn)
    }

    pub(crate) fn find_room_of(&self, sid: RoomSid) -> Result<Option<Room>, Error> {
        if let Some(room) = self.states.room(sid) {
            return Ok(Some(room));
        }
        let Some(record) = ROOMS.get(self.store.engine(), &sid)? else { return Ok(None) };
        let room = Room {
            sid,
            id: self.store.ids().room_id(sid)?,
            version: version_of(&record)?,
            create: record.create,
        };
        self.states.put_room(room.clone());
        Ok(Some(room))
    }
}

fn version_of(record: &RoomRecord) -> Result<&'static RoomVersion, Error> {
    RoomVersion::find(&record.version).ok_or(Error::Corrupt { table: "rooms", what: "version" })
}
