//! Dehydrated devices: a device that a user leaves here, encrypted, so that it receives room keys while no other is
//! there. A client that comes later opens it, reads its messages, and leaves a new one.
//! <https://github.com/matrix-org/matrix-spec-proposals/pull/3814>

use kith_accounts::Requester;
use kith_store::{
    Error, Position, UserSid,
    tables::{
        dehydrated_devices::{DEHYDRATED_DEVICES, DehydratedDeviceRecord},
        devices::{self, DEVICES, DeviceRecord},
        to_device,
    },
};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    E2ee,
    upload::{Checked, KeyError, KeyUpload},
};

/// How long the encrypted device may be, in bytes of JSON.
const DEVICE_DATA_BYTES_MAX: usize = 256 << 10;
/// How long a device id may be, in bytes.
const DEVICE_ID_BYTES_MAX: usize = 255;
/// How long a device's name may be, in characters.
const DISPLAY_NAME_CHARACTERS_MAX: usize = 100;
/// How many messages are handed out at a time.
const EVENTS_MAX: usize = 100;

/// A device to leave here.
#[derive(Debug)]
pub struct NewDehydratedDevice {
    /// Its id: its public identity key.
    pub device_id: String,
    /// Its secrets, encrypted.
    pub device_data: Box<RawValue>,
    /// What to call it.
    pub display_name: Option<String>,
    /// Its keys; the identity keys have to be there.
    pub keys: KeyUpload,
}

/// The device that a user has left here.
#[derive(Debug, Serialize)]
pub struct DehydratedDevice {
    /// Its id.
    pub device_id: String,
    /// Its secrets, encrypted.
    pub device_data: Box<RawValue>,
}

/// Messages for a dehydrated device.
#[derive(Debug, Serialize)]
pub struct DehydratedEvents {
    /// The messages, oldest first; none at the end.
    pub events: Vec<Box<RawValue>>,
    /// Where to go on.
    pub next_batch: String,
}

/// Why a dehydrated device is not taken or handed out.
#[derive(Debug, thiserror::Error)]
pub enum DehydratedError {
    /// The user has left no device here.
    #[error("there is no dehydrated device")]
    NotFound,
    /// The dehydrated device is another one.
    #[error("this is not the dehydrated device")]
    OtherDevice,
    /// A device with a client has this id.
    #[error("one of your devices has this id")]
    InUse,
    /// Something is not what the proposal says.
    #[error("{0}")]
    Malformed(&'static str),
    /// It is too large.
    #[error("the device is too large")]
    TooLarge,
    /// The token is none of this server's.
    #[error("`next_batch` is not a token that this server has given out")]
    UnknownToken,
    /// Its keys are not acceptable.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl E2ee {
    /// Leaves a device here, in the place of the one before.
    pub fn put_dehydrated_device(
        &self,
        requester: &Requester,
        new: &NewDehydratedDevice,
    ) -> Result<(), DehydratedError> {
        if new.device_data.get().len() > DEVICE_DATA_BYTES_MAX {
            return Err(DehydratedError::TooLarge);
        }
        if new.device_id.is_empty() || new.device_id.len() > DEVICE_ID_BYTES_MAX {
            return Err(DehydratedError::Malformed("the device id is empty or too long"));
        }
        if !new.device_data.get().starts_with('{') {
            return Err(DehydratedError::Malformed("device_data is no object"));
        }
        if new.keys.device_keys.is_none() {
            return Err(DehydratedError::Malformed("device_keys are missing"));
        }
        let checked = Checked::new(&requester.user_id, &new.device_id, &new.keys)?;
        let user = requester.user;
        let lane = self.accounts.lane(user);
        let before = DEHYDRATED_DEVICES.get(self.read(), &user)?;
        if before.as_ref().is_some_and(|before| before.device_id == new.device_id) {
            // Under its own name a device cannot be replaced in one transaction: its old rows and its new ones would
            // be the same.
            self.remove(user, &new.device_id)?;
        } else if DEVICES.contains(self.read(), &(user, new.device_id.clone()))? {
            return Err(DehydratedError::InUse);
        }
        let mut txn = self.store.begin();
        let mut changed = vec![new.device_id.as_str()];
        if let Some(before) = before.as_ref().filter(|before| before.device_id != new.device_id) {
            devices::delete_device(&mut txn, self.read(), user, &before.device_id)?;
            changed.push(&before.device_id);
        }
        let display_name = new.display_name.as_ref();
        let display_name =
            display_name.map(|name| name.chars().take(DISPLAY_NAME_CHARACTERS_MAX).collect::<String>());
        let record = DeviceRecord { display_name, created_ms: self.clock.now_ms() };
        DEVICES.put(&mut txn.batch, &(user, new.device_id.clone()), &record);
        let record = DehydratedDeviceRecord {
            device_id: new.device_id.clone(),
            device_data: new.device_data.get().to_owned(),
        };
        DEHYDRATED_DEVICES.put(&mut txn.batch, &user, &record);
        to_device::delete_of_device(&mut txn, self.read(), user, &new.device_id)?;
        self.put_keys(&mut txn, user, &new.device_id, &checked)?;
        self.put_session_keys(&mut txn, user, &new.device_id, &checked)?;
        devices::mark_devices_changed(&mut txn, self.read(), user, &changed)?;
        let committed = self.store.commit(txn)?;
        drop(lane);
        Ok(committed.wait_durable()?)
    }

    /// The device that a user has left here.
    pub fn dehydrated_device(&self, user: UserSid) -> Result<DehydratedDevice, DehydratedError> {
        let record = DEHYDRATED_DEVICES.get(self.read(), &user)?.ok_or(DehydratedError::NotFound)?;
        let corrupt = |_| Error::Corrupt { table: "dehydrated_devices", what: "device_data" };
        Ok(DehydratedDevice {
            device_id: record.device_id,
            device_data: RawValue::from_string(record.device_data).map_err(corrupt)?,
        })
    }

    /// Removes the device that a user has left here. Returns its id.
    pub fn delete_dehydrated_device(&self, user: UserSid) -> Result<String, DehydratedError> {
        let _lane = self.accounts.lane(user);
        let record = DEHYDRATED_DEVICES.get(self.read(), &user)?.ok_or(DehydratedError::NotFound)?;
        self.remove(user, &record.device_id)?;
        Ok(record.device_id)
    }

    /// Messages for the device that a user has left here. They stay, so that another client can begin anew.
    pub fn dehydrated_events(
        &self,
        user: UserSid,
        device_id: &str,
        next_batch: Option<&str>,
    ) -> Result<DehydratedEvents, DehydratedError> {
        let since = match next_batch.filter(|token| !token.is_empty()) {
            Some(token) => {
                let position = token.strip_prefix("d1_").and_then(|position| position.parse().ok());
                Position(position.ok_or(DehydratedError::UnknownToken)?)
            }
            None => Position::START,
        };
        let until = self.store.visible();
        let view = self.store.read();
        let record = DEHYDRATED_DEVICES.get(&*view, &user)?;
        if record.is_none_or(|record| record.device_id != device_id) {
            return Err(DehydratedError::OtherDevice);
        }
        let mut events = Vec::new();
        let mut reached = since;
        for row in to_device::scan(&*view, user, device_id, since, until).take(EVENTS_MAX) {
            let (position, message) = row?;
            let corrupt = |_| Error::Corrupt { table: "to_device", what: "message" };
            events.push(RawValue::from_string(message).map_err(corrupt)?);
            reached = position;
        }
        Ok(DehydratedEvents { events, next_batch: format!("d1_{}", reached.0) })
    }

    /// The caller holds the user's lane.
    fn remove(&self, user: UserSid, device_id: &str) -> Result<(), Error> {
        let mut txn = self.store.begin();
        devices::delete_device(&mut txn, self.read(), user, device_id)?;
        devices::mark_devices_changed(&mut txn, self.read(), user, &[device_id])?;
        self.store.commit_durably(txn)
    }
}
