//! Who shares a room with whom: to whom changes of devices are told, and whose changes this server is told.

use std::collections::BTreeSet;

use kith_store::{
    Direction, Error, Position, Read, ServerSid, UserSid,
    tables::members::{LOCAL_JOINED, MEMBERSHIPS, Membership, ROOM_SERVERS},
};

use crate::E2ee;

impl E2ee {
    /// The other servers that share a room with a user of this server.
    pub(crate) fn servers_with(&self, read: &dyn Read, user: UserSid) -> Result<BTreeSet<ServerSid>, Error> {
        let mut servers = BTreeSet::new();
        for row in MEMBERSHIPS.scan(read, &(user,), Direction::Forward) {
            let ((_, room), record) = row?;
            if record.membership != Membership::Join {
                continue;
            }
            for row in ROOM_SERVERS.scan(read, &(room,), Direction::Forward) {
                servers.insert(row?.0.1);
            }
        }
        servers.remove(&self.own_server()?);
        Ok(servers)
    }
}

/// Whether somebody of this server has been in a room with a user of another server, both without a break, ever since
/// `since`: only then that server has told of everything that became of the user's devices.
pub(crate) fn together_since(read: &dyn Read, user: UserSid, since: Position) -> Result<bool, Error> {
    for row in MEMBERSHIPS.scan(read, &(user,), Direction::Forward) {
        let ((_, room), record) = row?;
        if record.membership != Membership::Join || record.position > since {
            continue;
        }
        for row in LOCAL_JOINED.scan(read, &(room,), Direction::Forward) {
            let ((_, local), ()) = row?;
            let record = MEMBERSHIPS.get(read, &(local, room))?;
            if record.is_some_and(|record| record.membership == Membership::Join && record.position <= since)
            {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Whether somebody of this server is in a room with a user of another server now.
pub(crate) fn together(read: &dyn Read, user: UserSid) -> Result<bool, Error> {
    together_since(read, user, Position::END)
}
