//! `devices`, `device_seen`, `device_lists`, `device_list_stream`: the devices of this server's users, and whose set
//! of devices and keys changed when, for users of every server.

use kith_kv::Read;
use serde::{Deserialize, Serialize};

use crate::{
    Error, Txn,
    catalog::families,
    changes::ChangeKind,
    record,
    sids::{Position, UserSid},
    table::Table,
};

/// `(user, device id) → the device`.
pub static DEVICES: Table<(UserSid, String), DeviceRecord> = Table::new(families::DEVICES);
/// `(user, device id) → when it was last seen`; apart from the device, because it is written without its lane.
pub static DEVICE_SEEN: Table<(UserSid, String), SeenRecord> = Table::new(families::DEVICE_SEEN);
/// `user → where in the stream the user's device list last changed`.
pub static DEVICE_LISTS: Table<UserSid, Position> = Table::new(families::DEVICE_LISTS);
/// `position → user`: the users in the order in which their device lists last changed; `/sync` reads it.
pub static DEVICE_LIST_STREAM: Table<Position, UserSid> = Table::new(families::DEVICE_LIST_STREAM);

/// A device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRecord {
    /// What the user calls it.
    pub display_name: Option<String>,
    /// When it first logged in, in unix milliseconds.
    pub created_ms: u64,
}
record!(DeviceRecord, 1);

/// When and how a device was last seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenRecord {
    /// Unix milliseconds, some minutes coarse.
    pub at_ms: u64,
    /// The address it came from.
    pub address: Option<String>,
    /// Its `User-Agent`.
    pub user_agent: Option<String>,
}
record!(SeenRecord, 1);

/// Notes that a user's device list changed, so that each user stands in the stream once, at the latest change.
///
/// The caller holds what orders the writers of this user's devices.
pub fn mark_list_changed(txn: &mut Txn, read: &dyn Read, user: UserSid) -> Result<Position, Error> {
    if let Some(previous) = DEVICE_LISTS.get(read, &user)? {
        DEVICE_LIST_STREAM.delete(&mut txn.batch, &previous);
    }
    let position = txn.position()?;
    DEVICE_LISTS.put(&mut txn.batch, &user, &position);
    DEVICE_LIST_STREAM.put(&mut txn.batch, &position, &user);
    txn.change(position, ChangeKind::DeviceList { user });
    Ok(position)
}
