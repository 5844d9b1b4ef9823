//! `devices`, `device_seen`, `device_lists`, `device_list_stream`, `device_changes`, `device_list_heads`: the devices of
//! this server's users, whose set of devices and keys changed when, for users of every server, and what of that other
//! servers have not been told yet.

use kith_kv::Read;
use serde::{Deserialize, Serialize};

use crate::{
    Error, Txn,
    catalog::families,
    changes::ChangeKind,
    record,
    sids::{Position, UserSid},
    table::Table,
    tables::{dehydrated_devices::DEHYDRATED_DEVICES, device_keys, one_time_keys, pushers, sso, to_device},
};

/// `(user, device id) → the device`.
pub static DEVICES: Table<(UserSid, String), DeviceRecord> = Table::new(families::DEVICES);
/// `(user, device id) → when it was last seen`; apart from the device, because it is written without its lane.
pub static DEVICE_SEEN: Table<(UserSid, String), SeenRecord> = Table::new(families::DEVICE_SEEN);
/// `user → where in the stream the user's device list last changed`.
pub static DEVICE_LISTS: Table<UserSid, Position> = Table::new(families::DEVICE_LISTS);
/// `position → user`: the users in the order in which their device lists last changed; `/sync` reads it.
pub static DEVICE_LIST_STREAM: Table<Position, UserSid> = Table::new(families::DEVICE_LIST_STREAM);

/// `position → which device changed there`: of this server's users, until other servers have been told.
pub static DEVICE_CHANGES: Table<Position, DeviceChange> = Table::new(families::DEVICE_CHANGES);
/// `user → how other servers count the changes of a local user's devices`.
pub static DEVICE_LIST_HEADS: Table<UserSid, DeviceListHead> = Table::new(families::DEVICE_LIST_HEADS);

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

/// What other servers are to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceChange {
    /// Whose.
    pub user: UserSid,
    /// Which device; none if it is the user's cross-signing keys.
    pub device_id: Option<String>,
}
record!(DeviceChange, 1);

/// How other servers count the changes of a user's devices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceListHead {
    /// Where a device last changed: what a whole list carries as its number.
    pub latest: Position,
    /// The last change that other servers were told of: what the next one refers back to.
    pub announced: Position,
}
record!(DeviceListHead, 1);

/// Notes that devices of a user of this server changed: their users' clients and other servers want to know.
///
/// The caller holds what orders the writers of this user's devices.
pub fn mark_devices_changed(
    txn: &mut Txn,
    read: &dyn Read,
    user: UserSid,
    device_ids: &[&str],
) -> Result<(), Error> {
    let mut head = DEVICE_LIST_HEADS.get(read, &user)?.unwrap_or_default();
    for device_id in device_ids {
        head.latest = txn.position()?;
        let change = DeviceChange { user, device_id: Some((*device_id).to_owned()) };
        DEVICE_CHANGES.put(&mut txn.batch, &head.latest, &change);
    }
    DEVICE_LIST_HEADS.put(&mut txn.batch, &user, &head);
    mark_list_changed(txn, read, user)?;
    Ok(())
}

/// As [`mark_devices_changed`], for the cross-signing keys of a user of this server.
pub fn mark_signing_keys_changed(txn: &mut Txn, read: &dyn Read, user: UserSid) -> Result<(), Error> {
    let position = mark_list_changed(txn, read, user)?;
    DEVICE_CHANGES.put(&mut txn.batch, &position, &DeviceChange { user, device_id: None });
    Ok(())
}

/// Removes a device with its keys and everything that waits for it.
///
/// The caller holds what orders the writers of this user's devices, and notes the change.
pub fn delete_device(txn: &mut Txn, read: &dyn Read, user: UserSid, device_id: &str) -> Result<(), Error> {
    let key = (user, device_id.to_owned());
    DEVICES.delete(&mut txn.batch, &key);
    DEVICE_SEEN.delete(&mut txn.batch, &key);
    device_keys::delete_of_device(txn, read, user, device_id)?;
    one_time_keys::delete_of_device(txn, read, user, device_id)?;
    to_device::delete_of_device(txn, read, user, device_id)?;
    pushers::delete_of_device(txn, read, user, device_id)?;
    sso::delete_device(txn, read, user, device_id)?;
    if DEHYDRATED_DEVICES.get(read, &user)?.is_some_and(|dehydrated| dehydrated.device_id == device_id) {
        DEHYDRATED_DEVICES.delete(&mut txn.batch, &user);
    }
    Ok(())
}

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
