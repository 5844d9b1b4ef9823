//! Telling servers of the devices of users whom they have not met before: somebody came into a room, and now the servers
//! there want to know whose keys they will need.
//!
//! This is a courtesy that may be lost: a server that was told nothing asks when it needs keys. What it is told refers
//! back to no earlier change, so it asks for the whole list then.
//! <https://spec.matrix.org/v1.19/server-server-api/#device-management>

use std::{collections::BTreeSet, sync::Arc};

use kith_store::{
    Change, ChangeKind, Direction, Error, Position, Read, RoomSid, ServerSid, UserSid,
    tables::{
        device_keys::DEVICE_KEYS,
        devices::DEVICE_LIST_HEADS,
        members::{LOCAL_JOINED, MEMBERSHIPS, Membership, ROOM_SERVERS},
    },
};

use crate::{E2ee, announce::tell};

/// How many users of this server a server is told of that comes into a room; it asks about the others when it has to.
const INTRODUCED_USERS_MAX: usize = 100;
/// How many servers are looked up one by one in a room, rather than reading all that are there.
const LOOKED_UP_SINGLY_MAX: usize = 20;

impl E2ee {
    /// Looks among changes for those with which somebody came into a room, and introduces users and servers to each
    /// other.
    pub(crate) fn introduce(&self, changes: &[Arc<Change>]) -> Result<(), Error> {
        for change in changes {
            if let ChangeKind::Event { room, member: Some(user), .. } = change.kind
                && is_arrival(self.read(), user, room, change.position)?
            {
                self.introduce_to_room(user, room)?;
            }
        }
        Ok(())
    }

    fn introduce_to_room(&self, user: UserSid, room: RoomSid) -> Result<(), Error> {
        let view = self.store.read();
        let read = &*view;
        let user_id = self.store.ids().user_id(user)?;
        if self.accounts.is_local(&user_id) {
            let mut servers = servers_in(read, room)?;
            servers.remove(&self.own_server()?);
            return self.introduce_user(read, user, servers, room);
        }
        let server = self.store.ids().server(user_id.server_name())?;
        // Only the first user of a server brings it into the room.
        if ROOM_SERVERS.get(read, &(room, server))? != Some(1) {
            return Ok(());
        }
        for row in LOCAL_JOINED.scan(read, &(room,), Direction::Forward).take(INTRODUCED_USERS_MAX) {
            let ((_, local), ()) = row?;
            self.introduce_user(read, local, BTreeSet::from([server]), room)?;
        }
        Ok(())
    }

    /// Tells servers of a user's devices, those excepted that share another room with the user anyway.
    fn introduce_user(
        &self,
        read: &dyn Read,
        user: UserSid,
        mut servers: BTreeSet<ServerSid>,
        room: RoomSid,
    ) -> Result<(), Error> {
        for row in MEMBERSHIPS.scan(read, &(user,), Direction::Forward) {
            let ((_, other), record) = row?;
            if other != room && record.membership == Membership::Join {
                remove_servers_in(read, other, &mut servers)?;
            }
            if servers.is_empty() {
                return Ok(());
            }
        }
        let Some(row) = DEVICE_KEYS.scan(read, &(user,), Direction::Forward).next() else { return Ok(()) };
        let ((_, device_id), _) = row?;
        let head = DEVICE_LIST_HEADS.get(read, &user)?.unwrap_or_default();
        // What has not been told yet is about to be, to these servers as well.
        if head.latest > head.announced {
            return Ok(());
        }
        let content = self.device_list_update(read, user, &device_id, head.announced, Position::START)?;
        let mut txn = self.store.begin();
        tell(&mut txn, &servers, "m.device_list_update", &content)?;
        drop(self.store.commit(txn)?);
        Ok(())
    }
}

/// Whether a user came into a room at a position and is there still.
fn is_arrival(read: &dyn Read, user: UserSid, room: RoomSid, position: Position) -> Result<bool, Error> {
    let record = MEMBERSHIPS.get(read, &(user, room))?;
    Ok(record.is_some_and(|record| record.membership == Membership::Join && record.position == position))
}

/// Removes the servers that are in a room.
fn remove_servers_in(read: &dyn Read, room: RoomSid, servers: &mut BTreeSet<ServerSid>) -> Result<(), Error> {
    if servers.len() > LOOKED_UP_SINGLY_MAX {
        for server in servers_in(read, room)? {
            servers.remove(&server);
        }
        return Ok(());
    }
    for server in servers.clone() {
        if ROOM_SERVERS.contains(read, &(room, server))? {
            servers.remove(&server);
        }
    }
    Ok(())
}

fn servers_in(read: &dyn Read, room: RoomSid) -> Result<BTreeSet<ServerSid>, Error> {
    let rows = ROOM_SERVERS.scan(read, &(room,), Direction::Forward);
    rows.map(|row| row.map(|((_, server), _)| server)).collect()
}
