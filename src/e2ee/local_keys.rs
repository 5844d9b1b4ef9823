//! The keys of this server's users, as somebody may see them, with the signatures that are for them.

use std::collections::BTreeMap;

use kith_event::json::{Object, Value};
use kith_store::{
    Direction, Error, Read, UserSid,
    tables::{
        device_keys::{self, DEVICE_KEYS, KeyUsage},
        devices::{DEVICE_LIST_HEADS, DEVICES},
    },
};
use ruma::{OwnedUserId, UserId};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{E2ee, signed_object::SignedObject};

/// How many devices of one user are told at most.
pub(crate) const DEVICES_MAX: usize = 10_000;

/// Who looks at keys. Signatures on a key are for its owner's contacts if the owner made them; those that others made
/// are for themselves alone.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Viewer {
    /// A user of this server.
    User(UserSid),
    /// Another server, for any of its users.
    Server,
}

/// The devices of one user, as another server asks for them.
#[derive(Debug, Serialize)]
pub struct UserDevices {
    /// Whose.
    pub user_id: OwnedUserId,
    /// Up to which change of the user's devices this reaches.
    pub stream_id: u64,
    /// The devices that have keys.
    pub devices: Vec<UserDevice>,
    /// The user's master key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub master_key: Option<Box<RawValue>>,
    /// The key that signs the user's devices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub self_signing_key: Option<Box<RawValue>>,
}

/// One device of a user, as another server asks for it.
#[derive(Debug, Serialize)]
pub struct UserDevice {
    /// Its id.
    pub device_id: String,
    /// What its user calls it, where the operator lets strangers know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_display_name: Option<String>,
    /// Its identity keys.
    pub keys: Box<RawValue>,
}

impl E2ee {
    /// The devices of a user of this server, for another server; none if there is no such user.
    pub fn user_devices(&self, user_id: &UserId) -> Result<Option<UserDevices>, Error> {
        let Some(user) = self.find_local(user_id)? else { return Ok(None) };
        let view = self.store.read();
        let read = &*view;
        let mut devices = Vec::new();
        for (device_id, keys) in self.local_devices(read, user, &[], Viewer::Server)? {
            let device_display_name = self.shown_name(read, user, &device_id, Viewer::Server)?;
            devices.push(UserDevice { device_id, device_display_name, keys });
        }
        let head = DEVICE_LIST_HEADS.get(read, &user)?.unwrap_or_default();
        Ok(Some(UserDevices {
            user_id: user_id.to_owned(),
            stream_id: head.latest.0,
            devices,
            master_key: self.signing_key(read, user, KeyUsage::Master, Viewer::Server)?,
            self_signing_key: self.signing_key(read, user, KeyUsage::SelfSigning, Viewer::Server)?,
        }))
    }

    /// A user of this server who exists.
    pub(crate) fn find_local(&self, user_id: &UserId) -> Result<Option<UserSid>, Error> {
        if !self.accounts.is_local(user_id) {
            return Ok(None);
        }
        let Some(user) = self.store.ids().find_user(user_id)? else { return Ok(None) };
        Ok(self.accounts.account(user)?.map(|_| user))
    }

    /// The identity keys of a local user's devices: of those that are named, or of all if none is.
    pub(crate) fn local_devices(
        &self,
        read: &dyn Read,
        user: UserSid,
        device_ids: &[String],
        viewer: Viewer,
    ) -> Result<BTreeMap<String, Box<RawValue>>, Error> {
        let mut found = BTreeMap::new();
        if device_ids.is_empty() {
            for row in DEVICE_KEYS.scan(read, &(user,), Direction::Forward).take(DEVICES_MAX) {
                let ((_, device_id), keys) = row?;
                let keys = self.dress_device_keys(read, user, &device_id, &keys, viewer)?;
                found.insert(device_id, keys);
            }
        }
        for device_id in device_ids {
            if let Some(keys) = DEVICE_KEYS.get(read, &(user, device_id.clone()))? {
                let keys = self.dress_device_keys(read, user, device_id, &keys, viewer)?;
                found.insert(device_id.clone(), keys);
            }
        }
        Ok(found)
    }

    /// A local user's identity keys of one device, as other servers see them.
    pub(crate) fn announced_device_keys(
        &self,
        read: &dyn Read,
        user: UserSid,
        device_id: &str,
    ) -> Result<Option<Box<RawValue>>, Error> {
        let keys = DEVICE_KEYS.get(read, &(user, device_id.to_owned()))?;
        keys.map(|keys| self.dress_device_keys(read, user, device_id, &keys, Viewer::Server)).transpose()
    }

    fn dress_device_keys(
        &self,
        read: &dyn Read,
        user: UserSid,
        device_id: &str,
        keys: &str,
        viewer: Viewer,
    ) -> Result<Box<RawValue>, Error> {
        let mut keys = stored(keys, "device_keys")?;
        self.add_signatures(read, user, device_id, &mut keys, viewer)?;
        let name = self.shown_name(read, user, device_id, viewer)?;
        if name.is_some() || matches!(viewer, Viewer::User(_)) {
            let told = name.map(|name| ("device_display_name".to_owned(), Value::String(name)));
            keys.insert("unsigned", Value::Object(Object::from_iter(told)));
        }
        raw(&keys)
    }

    /// What a user calls a device, if it has a name that the viewer may know.
    pub(crate) fn shown_name(
        &self,
        read: &dyn Read,
        user: UserSid,
        device_id: &str,
        viewer: Viewer,
    ) -> Result<Option<String>, Error> {
        if matches!(viewer, Viewer::Server) && !self.config.federation.tell_device_names {
            return Ok(None);
        }
        let device = DEVICES.get(read, &(user, device_id.to_owned()))?;
        Ok(device.and_then(|device| device.display_name))
    }

    /// A cross-signing key of a user of any server, with the signatures that are for the viewer.
    pub(crate) fn signing_key(
        &self,
        read: &dyn Read,
        user: UserSid,
        usage: KeyUsage,
        viewer: Viewer,
    ) -> Result<Option<Box<RawValue>>, Error> {
        let Some(key) = device_keys::find_cross_signing_key(read, user, usage)? else { return Ok(None) };
        let mut key = stored(&key, "cross_signing_keys")?;
        if let Some((_, public)) = key.only_key() {
            let public = public.to_owned();
            self.add_signatures(read, user, &public, &mut key, viewer)?;
        }
        raw(&key).map(Some)
    }

    /// Adds the signatures on a key that were made apart from it and that are for the viewer.
    pub(crate) fn add_signatures(
        &self,
        read: &dyn Read,
        owner: UserSid,
        key: &str,
        object: &mut SignedObject,
        viewer: Viewer,
    ) -> Result<(), Error> {
        for row in device_keys::signatures_on(read, owner, key) {
            let (signer, key_id, signature) = row?;
            if signer == owner || matches!(viewer, Viewer::User(user) if user == signer) {
                let signer = self.store.ids().user_id(signer)?;
                object.add_signature(signer.as_str(), &key_id, &signature);
            }
        }
        Ok(())
    }
}

/// A key that was checked before it was stored.
pub(crate) fn stored(text: &str, table: &'static str) -> Result<SignedObject, Error> {
    SignedObject::stored(text).ok_or(Error::Corrupt { table, what: "key" })
}

/// The text of a key, ready to be written into an answer.
pub(crate) fn raw(object: &SignedObject) -> Result<Box<RawValue>, Error> {
    let corrupt = |_| Error::Corrupt { table: "device_keys", what: "key" };
    RawValue::from_string(object.to_text()).map_err(corrupt)
}
