//! The devices of a user.
//! <https://spec.matrix.org/v1.19/client-server-api/#device-management>

use kith_store::{
    Direction, Error, Txn, UserSid,
    tables::{
        devices::{self, DEVICE_SEEN, DEVICES, DeviceRecord},
        tokens::Hash,
    },
};
use ruma::OwnedDeviceId;

use crate::{Accounts, Requester};

/// How long a device id may be, in bytes.
pub(crate) const DEVICE_ID_BYTES_MAX: usize = 255;
/// How long a device's name may be, in characters.
const DISPLAY_NAME_CHARACTERS_MAX: usize = 100;

/// A device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its id.
    pub device_id: OwnedDeviceId,
    /// What the user calls it.
    pub display_name: Option<String>,
    /// When it was last seen, in unix milliseconds, some minutes coarse.
    pub last_seen_ms: Option<u64>,
    /// The address it was last seen at.
    pub last_seen_address: Option<String>,
    /// What it last said it was.
    pub user_agent: Option<String>,
}

/// Why a device cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// There is no such device.
    #[error("there is no such device")]
    NotFound,
    /// The name is too long.
    #[error("a device's name has at most {DISPLAY_NAME_CHARACTERS_MAX} characters")]
    NameTooLong,
    /// The device id is empty or too long.
    #[error("a device id has between 1 and {DEVICE_ID_BYTES_MAX} bytes")]
    BadDeviceId,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Accounts {
    /// The devices of a user.
    pub fn list_devices(&self, user: UserSid) -> Result<Vec<Device>, Error> {
        let read = self.store.read();
        let mut found = Vec::new();
        for row in DEVICES.scan(&*read, &(user,), Direction::Forward) {
            let ((_, device_id), record) = row?;
            let seen = DEVICE_SEEN.get(&*read, &(user, device_id.clone()))?;
            found.push(device(device_id, record, seen));
        }
        Ok(found)
    }

    /// One device of a user.
    pub fn find_device(&self, user: UserSid, device_id: &str) -> Result<Option<Device>, Error> {
        let key = (user, device_id.to_owned());
        let Some(record) = DEVICES.get(self.read(), &key)? else {
            return Ok(None);
        };
        let seen = DEVICE_SEEN.get(self.read(), &key)?;
        Ok(Some(device(key.1, record, seen)))
    }

    /// Names a device. Only an application service makes devices this way, for its users.
    /// Returns whether the device was made.
    pub fn update_device(
        &self,
        requester: &Requester,
        device_id: &str,
        display_name: Option<&str>,
    ) -> Result<bool, DeviceError> {
        let makes = requester.appservice.is_some();
        self.name_device(requester.user, device_id, display_name, makes)
    }

    /// Names a device, and makes it if it is not there and that is wanted. Returns whether it was made.
    pub fn name_device(
        &self,
        user: UserSid,
        device_id: &str,
        display_name: Option<&str>,
        makes: bool,
    ) -> Result<bool, DeviceError> {
        if display_name.is_some_and(|name| name.chars().count() > DISPLAY_NAME_CHARACTERS_MAX) {
            return Err(DeviceError::NameTooLong);
        }
        if device_id.is_empty() || device_id.len() > DEVICE_ID_BYTES_MAX {
            return Err(DeviceError::BadDeviceId);
        }
        let key = (user, device_id.to_owned());
        let lane = self.lanes.user(user);
        let known = DEVICES.get(self.read(), &key)?;
        let made = known.is_none();
        let mut record = match known {
            Some(record) => record,
            None if makes => DeviceRecord { display_name: None, created_ms: self.now_ms() },
            None => return Err(DeviceError::NotFound),
        };
        let Some(name) = display_name.map(str::to_owned).or_else(|| made.then(String::new)) else {
            return Ok(false);
        };
        record.display_name = Some(name).filter(|name| !name.is_empty());
        let mut txn = self.store.begin();
        DEVICES.put(&mut txn.batch, &key, &record);
        devices::mark_devices_changed(&mut txn, self.read(), user, &[device_id])?;
        let committed = self.store.commit(txn)?;
        drop(lane);
        committed.wait_durable()?;
        Ok(made)
    }

    /// Removes devices with their tokens, keys and messages; those that do not exist are passed over. Returns those that went.
    pub fn delete_devices(&self, user: UserSid, device_ids: &[&str]) -> Result<Vec<OwnedDeviceId>, Error> {
        let lane = self.lanes.user(user);
        let mut txn = self.store.begin();
        let (mut gone, mut forgotten) = (Vec::new(), Vec::new());
        for device_id in device_ids {
            if DEVICES.contains(self.read(), &(user, (*device_id).to_owned()))? {
                forgotten.extend(self.delete_tokens(&mut txn, user, Some(device_id), None)?);
                devices::delete_device(&mut txn, self.read(), user, device_id)?;
                gone.push(OwnedDeviceId::from(*device_id));
            }
        }
        if gone.is_empty() {
            return Ok(gone);
        }
        self.note_gone(&mut txn, user, &gone)?;
        let committed = self.store.commit(txn)?;
        self.forget_tokens(&forgotten);
        drop(lane);
        committed.wait_durable()?;
        Ok(gone)
    }

    /// Adds the end of a user's sessions to a transaction, the requester's own excepted. Returns the devices and the
    /// access tokens that go.
    pub(crate) fn delete_sessions(
        &self,
        txn: &mut Txn,
        user: UserSid,
        except: Option<&Requester>,
    ) -> Result<(Vec<OwnedDeviceId>, Vec<Hash>), Error> {
        // A requester without a device keeps all tokens that belong to no device: they are filed together.
        let kept = except.map(|requester| requester.device_id.as_ref().map_or("", |device| device.as_str()));
        let forgotten = self.delete_tokens(txn, user, None, kept)?;
        self.delete_login_tokens(txn, user)?;
        let mut gone = Vec::new();
        for row in DEVICES.scan(self.read(), &(user,), Direction::Forward) {
            let ((_, device_id), _) = row?;
            if kept != Some(device_id.as_str()) {
                devices::delete_device(txn, self.read(), user, &device_id)?;
                gone.push(OwnedDeviceId::from(device_id));
            }
        }
        if !gone.is_empty() {
            self.note_gone(txn, user, &gone)?;
        }
        Ok((gone, forgotten))
    }

    fn note_gone(&self, txn: &mut Txn, user: UserSid, gone: &[OwnedDeviceId]) -> Result<(), Error> {
        let gone: Vec<&str> = gone.iter().map(|device_id| device_id.as_str()).collect();
        devices::mark_devices_changed(txn, self.read(), user, &gone)
    }
}

/// The name of a new device, cut where it is too long: a login does not fail because of it.
pub(crate) fn shorten_display_name(name: &str) -> String {
    name.chars().take(DISPLAY_NAME_CHARACTERS_MAX).collect()
}

fn device(device_id: String, record: DeviceRecord, seen: Option<devices::SeenRecord>) -> Device {
    let (last_seen_ms, last_seen_address, user_agent) =
        seen.map_or((None, None, None), |seen| (Some(seen.at_ms), seen.address, seen.user_agent));
    Device {
        device_id: device_id.into(),
        display_name: record.display_name,
        last_seen_ms,
        last_seen_address,
        user_agent,
    }
}
