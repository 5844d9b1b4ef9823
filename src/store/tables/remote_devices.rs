//! `remote_devices`, `remote_device_lists`, `stale_device_lists`: what this server remembers of the devices of other
//! servers' users, how far it can be trusted, and what has to be asked for again.

use kith_kv::{Direction, Read};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Txn,
    catalog::families,
    record,
    sids::{Position, UserSid},
    table::Table,
    tables::device_keys::CROSS_SIGNING_KEYS,
};

/// `(user, device id) → the device`.
pub static REMOTE_DEVICES: Table<(UserSid, String), RemoteDeviceRecord> =
    Table::new(families::REMOTE_DEVICES);
/// `user → how far the list of their devices can be trusted`.
pub static REMOTE_DEVICE_LISTS: Table<UserSid, RemoteListRecord> = Table::new(families::REMOTE_DEVICE_LISTS);
/// `user → when to ask for their devices again`: the queue of the worker that does.
pub static STALE_DEVICE_LISTS: Table<UserSid, StaleListRecord> = Table::new(families::STALE_DEVICE_LISTS);

/// A device of another server's user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteDeviceRecord {
    /// Its identity keys: canonical JSON without `unsigned`.
    pub keys: String,
    /// What its user lets others call it.
    pub display_name: Option<String>,
}
record!(RemoteDeviceRecord, 1);

/// How far the list of a user's devices can be trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteListRecord {
    /// Where this server stood when it asked; none if it never did. What is remembered holds only as long as this
    /// server and the user have been in a room together ever since: others are not told of changes.
    pub asked_at: Option<Position>,
    /// The number of the last update that is included, by the other server's count, if that is known.
    pub stream_id: Option<u64>,
    /// Whether everything that this server has heard of is included.
    pub fresh: bool,
    /// Counts what was heard, so that an answer which has been overtaken is known as such.
    pub heard: u64,
}
record!(RemoteListRecord, 1);

/// A list that has to be asked for again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaleListRecord {
    /// When, in unix milliseconds.
    pub due_ms: u64,
    /// How often it was tried in vain.
    pub failures: u32,
}
record!(StaleListRecord, 1);

/// Forgets the devices of a user, but not how far the list can be trusted.
pub fn delete_devices(txn: &mut Txn, read: &dyn Read, user: UserSid) -> Result<(), Error> {
    for row in REMOTE_DEVICES.scan(read, &(user,), Direction::Forward) {
        REMOTE_DEVICES.delete(&mut txn.batch, &row?.0);
    }
    Ok(())
}

/// Forgets all that is remembered of a user's devices and keys.
pub fn delete_of_user(txn: &mut Txn, read: &dyn Read, user: UserSid) -> Result<(), Error> {
    delete_devices(txn, read, user)?;
    CROSS_SIGNING_KEYS.delete_prefix(&mut txn.batch, &(user,));
    REMOTE_DEVICE_LISTS.delete(&mut txn.batch, &user);
    STALE_DEVICE_LISTS.delete(&mut txn.batch, &user);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;

    #[test]
    fn golden_bytes() {
        let list =
            RemoteListRecord { asked_at: Some(Position(3)), stream_id: Some(4), fresh: true, heard: 2 };
        assert_eq!(list.to_bytes(), [1, 1, 3, 1, 4, 1, 2]);
        assert_eq!(RemoteListRecord::decode(&list.to_bytes()), Some(list));
        let device = RemoteDeviceRecord { keys: "{}".into(), display_name: None };
        assert_eq!(device.to_bytes(), [1, 2, b'{', b'}', 0]);
        assert_eq!(StaleListRecord { due_ms: 1, failures: 2 }.to_bytes(), [1, 1, 2]);
    }
}
