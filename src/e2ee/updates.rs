//! What other servers tell of their users' devices and keys.
//!
//! An update names the one before it. If that is known here, the device is set as told; if not, something was missed,
//! and the list is asked for as a whole. Either way the clients of those who share a room hear of it.
//! <https://spec.matrix.org/v1.19/server-server-api/#device-management>

use kith_store::{
    Error, Txn, UserSid,
    tables::{
        device_keys::{CROSS_SIGNING_KEYS, KeyUsage},
        devices,
        remote_devices::{
            REMOTE_DEVICE_LISTS, REMOTE_DEVICES, RemoteListRecord, STALE_DEVICE_LISTS, StaleListRecord,
        },
    },
};
use ruma::{OwnedUserId, ServerName};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{E2ee, cross_signing::check_signing_key, remote_lists::remote_device, sharing::together};

/// How many earlier updates one may refer back to.
const PREVIOUS_MAX: usize = 100;
/// How long the id of a device of another server may be, in bytes.
const DEVICE_ID_BYTES_MAX: usize = 255;

#[derive(Deserialize)]
struct DeviceListUpdate {
    user_id: OwnedUserId,
    device_id: String,
    #[serde(default)]
    device_display_name: Option<String>,
    stream_id: u64,
    #[serde(default)]
    prev_id: Vec<u64>,
    #[serde(default)]
    deleted: Option<bool>,
    #[serde(default)]
    keys: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct SigningKeyUpdate {
    user_id: OwnedUserId,
    #[serde(default)]
    master_key: Option<Box<RawValue>>,
    #[serde(default)]
    self_signing_key: Option<Box<RawValue>>,
}

impl E2ee {
    /// Takes an `m.device_list_update`. What makes no sense is passed over.
    pub fn receive_device_list_update(&self, origin: &ServerName, content: &RawValue) -> Result<(), Error> {
        let Ok(update) = serde_json::from_str::<DeviceListUpdate>(content.get()) else {
            tracing::debug!(%origin, "an m.device_list_update makes no sense");
            return Ok(());
        };
        if update.user_id.server_name() != origin
            || update.device_id.len() > DEVICE_ID_BYTES_MAX
            || update.prev_id.len() > PREVIOUS_MAX
        {
            tracing::debug!(%origin, user_id = %update.user_id, "an m.device_list_update is not acceptable");
            return Ok(());
        }
        self.hear(&update.user_id, |txn, user, list| {
            let known = list.stream_id.filter(|_| list.fresh);
            // Told twice.
            if known.is_some_and(|known| known >= update.stream_id) {
                return;
            }
            let follows = known.is_some_and(|known| update.prev_id.contains(&known));
            if !follows {
                list.fresh = false;
                return;
            }
            list.stream_id = Some(update.stream_id);
            let key = (user, update.device_id.clone());
            let keys = update.keys.as_ref().filter(|_| update.deleted != Some(true));
            let name = update.device_display_name.as_deref();
            match keys.and_then(|keys| remote_device(&update.user_id, &update.device_id, keys.get(), name)) {
                Some(device) => REMOTE_DEVICES.put(&mut txn.batch, &key, &device),
                None => REMOTE_DEVICES.delete(&mut txn.batch, &key),
            }
        })
    }

    /// Takes an `m.signing_key_update`. What makes no sense is passed over.
    pub fn receive_signing_key_update(&self, origin: &ServerName, content: &RawValue) -> Result<(), Error> {
        let Ok(update) = serde_json::from_str::<SigningKeyUpdate>(content.get()) else {
            tracing::debug!(%origin, "an m.signing_key_update makes no sense");
            return Ok(());
        };
        if update.user_id.server_name() != origin {
            tracing::debug!(%origin, user_id = %update.user_id, "an m.signing_key_update is not acceptable");
            return Ok(());
        }
        self.hear(&update.user_id, |txn, user, list| {
            if list.asked_at.is_none() {
                return;
            }
            for (usage, key) in
                [(KeyUsage::Master, &update.master_key), (KeyUsage::SelfSigning, &update.self_signing_key)]
            {
                let key =
                    key.as_ref().and_then(|key| check_signing_key(&update.user_id, usage, key.get()).ok());
                if let Some(key) = key {
                    CROSS_SIGNING_KEYS.put(&mut txn.batch, &(user, usage as u8), &key.to_text());
                }
            }
        })
    }

    /// Notes that something became of a user's devices or keys. `change` says what; a list that is not fresh afterwards
    /// is asked for again.
    fn hear(
        &self,
        user_id: &OwnedUserId,
        change: impl FnOnce(&mut Txn, UserSid, &mut RemoteListRecord),
    ) -> Result<(), Error> {
        // Whoever has no number is in no room that is known here.
        let Some(user) = self.store.ids().find_user(user_id)? else { return Ok(()) };
        let lane = self.accounts.lane(user);
        if !together(self.read(), user)? {
            return Ok(());
        }
        let mut list = REMOTE_DEVICE_LISTS.get(self.read(), &user)?.unwrap_or_default();
        let mut txn = self.store.begin();
        change(&mut txn, user, &mut list);
        list.heard += 1;
        REMOTE_DEVICE_LISTS.put(&mut txn.batch, &user, &list);
        // Nobody has asked for a list that was never there.
        let ask_again = list.asked_at.is_some() && !list.fresh;
        if ask_again {
            // Whether or not it was asked in vain before: now the server is there.
            let record = StaleListRecord { due_ms: self.clock.now_ms(), failures: 0 };
            STALE_DEVICE_LISTS.put(&mut txn.batch, &user, &record);
        }
        devices::mark_list_changed(&mut txn, self.read(), user)?;
        let committed = self.store.commit(txn)?;
        drop(lane);
        if ask_again {
            self.stale.notify_one();
        }
        committed.wait_durable()
    }
}
