//! `dehydrated_devices`: a device that each user may leave here, encrypted, to receive keys while no other is there.

use serde::{Deserialize, Serialize};

use crate::{catalog::families, record, sids::UserSid, table::Table};

/// `user → the device`. It is among the user's devices as well.
pub static DEHYDRATED_DEVICES: Table<UserSid, DehydratedDeviceRecord> =
    Table::new(families::DEHYDRATED_DEVICES);

/// A device without a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DehydratedDeviceRecord {
    /// Its id.
    pub device_id: String,
    /// Its secrets as a client encrypted them: a JSON object.
    pub device_data: String,
}
record!(DehydratedDeviceRecord, 1);
