//! What a user is to a room, the rooms of a user, and the users of this server in a room.
//!
//! The answers follow the current state; for other moments ask [`crate::room_state::State`].

use std::sync::Arc;

use kith_store::{
    Direction, Error, RoomSid, ServerSid, UserSid,
    tables::members::{
        LOCAL_JOINED, MEMBERSHIPS, Membership, MembershipRecord, ROOM_MEMBERS, ROOM_SERVERS, SERVER_ROOMS,
    },
};

use ruma::{OwnedRoomId, OwnedServerName, ServerName, UserId};

use crate::Rooms;

impl Rooms {
    /// What a user is to a room; none who never had to do with it.
    pub fn membership(&self, user: UserSid, room: RoomSid) -> Result<Option<Membership>, Error> {
        Ok(self.membership_record(user, room)?.map(|record| record.membership))
    }

    /// The same, with how it came about.
    pub fn membership_record(&self, user: UserSid, room: RoomSid) -> Result<Option<MembershipRecord>, Error> {
        MEMBERSHIPS.get(self.store.engine(), &(user, room))
    }

    /// Whether a user is in a room.
    pub fn is_joined(&self, user: UserSid, room: RoomSid) -> Result<bool, Error> {
        Ok(self.membership(user, room)? == Some(Membership::Join))
    }

    /// The rooms that a user is in.
    pub fn joined_rooms(&self, user: UserSid) -> Result<Vec<RoomSid>, Error> {
        let rooms = self.rooms_of(user)?.into_iter();
        Ok(rooms.filter(|(_, record)| record.membership == Membership::Join).map(|(room, _)| room).collect())
    }

    /// Every room that a user has, or had, to do with.
    pub fn rooms_of(&self, user: UserSid) -> Result<Vec<(RoomSid, MembershipRecord)>, Error> {
        let rows = MEMBERSHIPS.scan(self.store.engine(), &user, Direction::Forward);
        rows.map(|row| row.map(|((_, room), record)| (room, record))).collect()
    }

    /// What a user of any server is to every room that this server knows them from.
    pub fn memberships_of(&self, user_id: &UserId) -> Result<Vec<(OwnedRoomId, Membership)>, Error> {
        let Some(user) = self.store.ids().find_user(user_id)? else { return Ok(Vec::new()) };
        let mut memberships = Vec::new();
        for (room, record) in self.rooms_of(user)? {
            memberships.push((self.store.ids().room_id(room)?, record.membership));
        }
        Ok(memberships)
    }

    /// The users of this server who are in a room: those to wake when something happens there.
    pub fn local_joined(&self, room: RoomSid) -> Result<Arc<[UserSid]>, Error> {
        self.states.local_joined(room, || {
            let rows = LOCAL_JOINED.scan(self.store.engine(), &room, Direction::Forward);
            rows.map(|row| row.map(|((_, user), ())| user)).collect()
        })
    }

    /// The users who are this to a room, of every server.
    pub fn users_with(&self, room: RoomSid, membership: Membership) -> Result<Vec<UserSid>, Error> {
        let rows = ROOM_MEMBERS.scan(self.store.engine(), &(room, membership as u8), Direction::Forward);
        rows.map(|row| row.map(|((_, _, user), ())| user)).collect()
    }

    /// The servers that have users in a room.
    pub fn joined_servers(&self, room: RoomSid) -> Result<Vec<ServerSid>, Error> {
        let rows = ROOM_SERVERS.scan(self.store.engine(), &room, Direction::Forward);
        rows.map(|row| row.map(|((_, server), _)| server)).collect()
    }

    /// The rooms in which a server has users.
    pub fn rooms_of_server(&self, server: ServerSid) -> Result<Vec<RoomSid>, Error> {
        let rows = SERVER_ROOMS.scan(self.store.engine(), &server, Direction::Forward);
        rows.map(|row| row.map(|((_, room), ())| room)).collect()
    }

    /// The other servers that have users in rooms of this server's.
    pub fn neighbours(&self) -> Result<Vec<OwnedServerName>, Error> {
        let (mut neighbours, mut from) = (Vec::new(), ServerSid(0));
        let last = (ServerSid(u64::MAX), RoomSid(u64::MAX));
        // One row of each server is enough.
        while let Some(row) =
            SERVER_ROOMS.range(self.store.engine(), &(from, RoomSid(0)), &last, Direction::Forward).next()
        {
            let ((server, _), ()) = row?;
            let name = self.store.ids().server_name(server)?;
            if name != self.server_name {
                neighbours.push(name);
            }
            from = ServerSid(server.0.saturating_add(1));
        }
        Ok(neighbours)
    }

    /// The rooms that this server shares with another.
    pub fn rooms_shared_with(&self, server: &ServerName) -> Result<Vec<RoomSid>, Error> {
        match self.store.ids().find_server(server)? {
            Some(server) => self.rooms_of_server(server),
            None => Ok(Vec::new()),
        }
    }

    /// Whether this server takes part in a room: it has members there, so that it hears what happens, or nobody is
    /// there at all. What is known of a room that its members have left grows old.
    pub fn is_resident(&self, room: RoomSid) -> Result<bool, Error> {
        if self.find_heads(room)?.is_none() {
            return Ok(false);
        }
        Ok(!self.local_joined(room)?.is_empty() || self.joined_servers(room)?.is_empty())
    }

    /// Whether a server has users in a room.
    pub fn is_in_room(&self, server: ServerSid, room: RoomSid) -> Result<bool, Error> {
        ROOM_SERVERS.contains(self.store.engine(), &(room, server))
    }
}
