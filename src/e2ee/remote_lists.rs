//! What is remembered of the devices and keys of other servers' users, and whether it still holds.
//!
//! It holds while nothing was missed: since this server asked, somebody here has been in a room with the user without a
//! break, so the user's server has told of every change. That is looked up when it matters, so nothing has to be done
//! when somebody leaves a room.

use std::collections::{BTreeMap, BTreeSet};

use kith_store::{
    Direction, Error, Position, Read, UserSid,
    tables::{
        device_keys::{CROSS_SIGNING_KEYS, KeyUsage},
        remote_devices::{
            self, REMOTE_DEVICE_LISTS, REMOTE_DEVICES, RemoteDeviceRecord, RemoteListRecord,
            STALE_DEVICE_LISTS,
        },
    },
};
use ruma::{OwnedUserId, UserId, api::federation::keys::get_keys::v1 as federation};
use serde_json::value::RawValue;

use crate::{
    E2ee, QueriedKeys,
    cross_signing::check_signing_key,
    local_keys::{Viewer, raw, stored},
    query::DevicesWanted,
    sharing::{together, together_since},
    signed_object::SignedObject,
    upload::DEVICE_KEYS_BYTES_MAX,
};

/// How many devices of one user of another server count.
pub(crate) const REMOTE_DEVICES_MAX: usize = 1_000;
/// How long a device's name may be that another server tells, in characters.
pub(crate) const DISPLAY_NAME_CHARACTERS_MAX: usize = 256;

/// A user whose server is asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) user_id: OwnedUserId,
    user: UserSid,
    asked_at: Position,
    /// What had been heard by then.
    heard: u64,
    /// Whether the answer will hold, so that it is worth keeping.
    pub(crate) remembered: bool,
}

/// What another server told of one of its users, checked.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) devices: BTreeMap<String, RemoteDeviceRecord>,
    pub(crate) master_key: Option<String>,
    pub(crate) self_signing_key: Option<String>,
}

impl E2ee {
    /// Whether what is remembered of a user is all that could be learned by asking.
    pub(crate) fn holds(&self, read: &dyn Read, user_id: &UserId) -> Result<bool, Error> {
        let Some(user) = self.store.ids().find_user(user_id)? else { return Ok(false) };
        let list = REMOTE_DEVICE_LISTS.get(read, &user)?.filter(|list| list.fresh);
        match list.and_then(|list| list.asked_at) {
            Some(asked_at) => together_since(read, user, asked_at),
            None => Ok(false),
        }
    }

    /// Notes where this server stands before it asks.
    pub(crate) fn ask(&self, read: &dyn Read, user_id: &UserId, asked_at: Position) -> Result<Asked, Error> {
        let user = self.store.ids().user(user_id)?;
        let list = REMOTE_DEVICE_LISTS.get(read, &user)?.unwrap_or_default();
        Ok(Asked {
            user_id: user_id.to_owned(),
            user,
            asked_at,
            heard: list.heard,
            remembered: together(read, user)?,
        })
    }

    /// Keeps what another server told of a user. `stream_id` is the number of the last change it includes, if it was
    /// told. What was heard in the meantime makes it stale at once.
    pub(crate) fn remember(&self, asked: &Asked, stream_id: Option<u64>, told: &Told) -> Result<(), Error> {
        let user = asked.user;
        let lane = self.accounts.lane(user);
        let list = REMOTE_DEVICE_LISTS.get(self.read(), &user)?.unwrap_or_default();
        let overtaken = list.heard != asked.heard;
        let mut txn = self.store.begin();
        for row in REMOTE_DEVICES.scan(self.read(), &(user,), Direction::Forward) {
            let (key, _) = row?;
            if !told.devices.contains_key(&key.1) {
                REMOTE_DEVICES.delete(&mut txn.batch, &key);
            }
        }
        for (device_id, device) in &told.devices {
            REMOTE_DEVICES.put(&mut txn.batch, &(user, device_id.clone()), device);
        }
        let keys = [(KeyUsage::Master, &told.master_key), (KeyUsage::SelfSigning, &told.self_signing_key)];
        for (usage, key) in keys {
            match key {
                Some(key) => CROSS_SIGNING_KEYS.put(&mut txn.batch, &(user, usage as u8), key),
                None => CROSS_SIGNING_KEYS.delete(&mut txn.batch, &(user, usage as u8)),
            }
        }
        // Where nothing was heard in between, the number of a list that came meanwhile holds for this one too.
        let known = list.stream_id.filter(|_| list.fresh && !overtaken);
        let (asked_at, number) = (Some(asked.asked_at), stream_id.or(known));
        let list = RemoteListRecord { asked_at, stream_id: number, fresh: !overtaken, ..list };
        REMOTE_DEVICE_LISTS.put(&mut txn.batch, &user, &list);
        if stream_id.is_some() && !overtaken {
            STALE_DEVICE_LISTS.delete(&mut txn.batch, &user);
        }
        // Nothing waits for the disk: what is lost is asked for again.
        drop(self.store.commit(txn)?);
        drop(lane);
        Ok(())
    }

    /// Adds what is remembered of a user to an answer, whether it still holds or not.
    pub(crate) fn add_remembered(
        &self,
        read: &dyn Read,
        viewer: UserSid,
        user_id: &UserId,
        wanted: &DevicesWanted,
        found: &mut QueriedKeys,
    ) -> Result<(), Error> {
        let Some(user) = self.store.ids().find_user(user_id)? else { return Ok(()) };
        if REMOTE_DEVICE_LISTS.get(read, &user)?.is_none_or(|list| list.asked_at.is_none()) {
            return Ok(());
        }
        let device_ids: BTreeSet<&String> = wanted.get(user_id).into_iter().flatten().collect();
        let mut devices = BTreeMap::new();
        for row in REMOTE_DEVICES.scan(read, &(user,), Direction::Forward) {
            let ((_, device_id), device) = row?;
            if device_ids.is_empty() || device_ids.contains(&device_id) {
                devices.insert(device_id, shown(&device)?);
            }
        }
        found.device_keys.insert(user_id.to_owned(), devices);
        self.add_signing_keys(read, Viewer::User(viewer), user, user_id, found)
    }

    /// Adds what another server has just told of a user to an answer.
    pub(crate) fn add_told(
        &self,
        viewer: UserSid,
        user_id: &UserId,
        told: Told,
        device_ids: &BTreeSet<&String>,
        found: &mut QueriedKeys,
    ) -> Result<(), Error> {
        let mut devices = BTreeMap::new();
        for (device_id, device) in told.devices {
            if device_ids.is_empty() || device_ids.contains(&device_id) {
                devices.insert(device_id, shown(&device)?);
            }
        }
        found.device_keys.insert(user_id.to_owned(), devices);
        if let Some(key) = told.master_key {
            let mut key = stored(&key, "cross_signing_keys")?;
            if let (Some(user), Some((_, public))) = (self.store.ids().find_user(user_id)?, key.only_key()) {
                let public = public.to_owned();
                self.add_signatures(self.read(), user, &public, &mut key, Viewer::User(viewer))?;
            }
            found.master_keys.insert(user_id.to_owned(), raw(&key)?);
        }
        if let Some(key) = told.self_signing_key {
            found.self_signing_keys.insert(user_id.to_owned(), raw(&stored(&key, "cross_signing_keys")?)?);
        }
        Ok(())
    }

    /// What an answer says of one user, without what makes no sense.
    pub(crate) fn checked_answer(&self, user_id: &UserId, answer: &mut federation::Response) -> Told {
        let devices = answer.device_keys.remove(user_id).unwrap_or_default();
        let devices = devices.into_iter().take(REMOTE_DEVICES_MAX).filter_map(|(device_id, keys)| {
            let device = remote_device(user_id, device_id.as_str(), keys.json().get(), None)?;
            Some((device_id.to_string(), device))
        });
        let signing = |key: Option<&RawValue>, usage| {
            key.and_then(|key| check_signing_key(user_id, usage, key.get()).ok()).map(|key| key.to_text())
        };
        Told {
            devices: devices.collect(),
            master_key: signing(
                answer.master_keys.get(user_id).map(ruma::serde::Raw::json),
                KeyUsage::Master,
            ),
            self_signing_key: signing(
                answer.self_signing_keys.get(user_id).map(ruma::serde::Raw::json),
                KeyUsage::SelfSigning,
            ),
        }
    }

    /// Forgets the lists of users with whom nobody here shares a room any more. Goes through all that is remembered.
    pub(crate) fn forget_strangers(&self) -> Result<(), Error> {
        let view = self.store.read();
        for row in REMOTE_DEVICE_LISTS.scan(&*view, &(), Direction::Forward) {
            let (user, _) = row?;
            if together(&*view, user)? {
                continue;
            }
            let _lane = self.accounts.lane(user);
            if together(self.read(), user)? {
                continue;
            }
            let mut txn = self.store.begin();
            remote_devices::delete_of_user(&mut txn, self.read(), user)?;
            drop(self.store.commit(txn)?);
        }
        Ok(())
    }
}

/// The keys of a device as another server told them; none if they make no sense.
pub(crate) fn remote_device(
    user_id: &UserId,
    device_id: &str,
    keys: &str,
    display_name: Option<&str>,
) -> Option<RemoteDeviceRecord> {
    let mut keys = SignedObject::parse(keys, DEVICE_KEYS_BYTES_MAX)?;
    if keys.text("user_id") != Some(user_id.as_str()) || keys.text("device_id") != Some(device_id) {
        return None;
    }
    keys.texts("keys")?;
    let unsigned = keys.remove("unsigned");
    let unsigned_name = unsigned.as_ref().and_then(|unsigned| unsigned.as_object());
    let unsigned_name = unsigned_name.and_then(|unsigned| unsigned.get("device_display_name"));
    let name = display_name.or_else(|| unsigned_name.and_then(|name| name.as_str()));
    let display_name = name.map(|name| name.chars().take(DISPLAY_NAME_CHARACTERS_MAX).collect());
    Some(RemoteDeviceRecord { keys: keys.to_text(), display_name })
}

/// A device of another server's user as clients see it.
fn shown(device: &RemoteDeviceRecord) -> Result<Box<RawValue>, Error> {
    let mut keys = stored(&device.keys, "remote_devices")?;
    if let Some(name) = &device.display_name {
        let name = kith_event::json::Value::String(name.clone());
        let told = kith_event::json::Object::from_iter([("device_display_name".to_owned(), name)]);
        keys.insert("unsigned", kith_event::json::Value::Object(told));
    }
    raw(&keys)
}
