//! Telling other servers what became of the devices of this server's users.
//!
//! Changes are rows (`device_changes`) until they have been told; a device that changed several times meanwhile is told
//! once. What is told goes into the outbox of every server that shares a room with the user, in the same transaction
//! that removes the rows, so a crash neither loses nor repeats a change.
//! <https://spec.matrix.org/v1.19/server-server-api/#device-management>

use std::collections::BTreeMap;

use kith_store::{
    Direction, Error, Position, Read, ServerSid, Txn, UserSid,
    tables::{
        device_keys::KeyUsage,
        devices::{DEVICE_CHANGES, DEVICE_LIST_HEADS, DEVICES},
        outbox::{self, OutgoingEdu},
    },
};
use serde_json::{Value, json, value::RawValue};

use crate::{E2ee, local_keys::Viewer};

/// How many changes are read at a time.
const CHANGES_AT_ONCE_MAX: usize = 1_000;

/// The changes of one user that have not been told.
#[derive(Default)]
struct Untold {
    rows: Vec<Position>,
    /// The newest change of each device.
    devices: BTreeMap<String, Position>,
    signing_keys: bool,
}

impl E2ee {
    /// Tells what has not been told yet. Returns whether there may be more.
    pub(crate) fn announce(&self) -> Result<bool, Error> {
        let mut by_user: BTreeMap<UserSid, Untold> = BTreeMap::new();
        let to = self.store.visible().next();
        let mut count = 0;
        let rows = DEVICE_CHANGES.range(self.read(), &Position::START, &to, Direction::Forward);
        for row in rows.take(CHANGES_AT_ONCE_MAX) {
            let (position, change) = row?;
            let untold = by_user.entry(change.user).or_default();
            untold.rows.push(position);
            match change.device_id {
                Some(device_id) => {
                    untold.devices.insert(device_id, position);
                }
                None => untold.signing_keys = true,
            }
            count += 1;
        }
        for (user, untold) in by_user {
            self.announce_user(user, &untold)?;
        }
        Ok(count == CHANGES_AT_ONCE_MAX)
    }

    fn announce_user(&self, user: UserSid, untold: &Untold) -> Result<(), Error> {
        let _lane = self.accounts.lane(user);
        let view = self.store.read();
        let read = &*view;
        let mut txn = self.store.begin();
        for position in &untold.rows {
            DEVICE_CHANGES.delete(&mut txn.batch, position);
        }
        let servers = self.servers_with(read, user)?;
        let mut head = DEVICE_LIST_HEADS.get(read, &user)?.unwrap_or_default();
        let mut changes: Vec<(&Position, &String)> =
            untold.devices.iter().map(|(device_id, position)| (position, device_id)).collect();
        changes.sort_unstable();
        for (position, device_id) in changes {
            let content = self.device_list_update(read, user, device_id, *position, head.announced)?;
            tell(&mut txn, &servers, "m.device_list_update", &content)?;
            head.announced = *position;
        }
        DEVICE_LIST_HEADS.put(&mut txn.batch, &user, &head);
        if untold.signing_keys
            && let Some(content) = self.signing_key_update(read, user)?
        {
            tell(&mut txn, &servers, "m.signing_key_update", &content)?;
        }
        // What is lost in a crash is still among the changes.
        drop(self.store.commit(txn)?);
        Ok(())
    }

    pub(crate) fn device_list_update(
        &self,
        read: &dyn Read,
        user: UserSid,
        device_id: &str,
        position: Position,
        before: Position,
    ) -> Result<Value, Error> {
        let mut content = json!({
            "user_id": self.store.ids().user_id(user)?,
            "device_id": device_id,
            "stream_id": position.0,
            "prev_id": if before == Position::START { vec![] } else { vec![before.0] },
        });
        if !DEVICES.contains(read, &(user, device_id.to_owned()))? {
            content["deleted"] = true.into();
            return Ok(content);
        }
        if let Some(name) = self.shown_name(read, user, device_id, Viewer::Server)? {
            content["device_display_name"] = name.into();
        }
        if let Some(keys) = self.announced_device_keys(read, user, device_id)? {
            content["keys"] = value(&keys);
        }
        Ok(content)
    }

    fn signing_key_update(&self, read: &dyn Read, user: UserSid) -> Result<Option<Value>, Error> {
        let Some(master) = self.signing_key(read, user, KeyUsage::Master, Viewer::Server)? else {
            return Ok(None);
        };
        let mut content = json!({
            "user_id": self.store.ids().user_id(user)?,
            "master_key": value(&master),
        });
        if let Some(key) = self.signing_key(read, user, KeyUsage::SelfSigning, Viewer::Server)? {
            content["self_signing_key"] = value(&key);
        }
        Ok(Some(content))
    }
}

pub(crate) fn tell<'a>(
    txn: &mut Txn,
    servers: impl IntoIterator<Item = &'a ServerSid>,
    edu_type: &str,
    content: &Value,
) -> Result<(), Error> {
    let edu = OutgoingEdu { edu_type: edu_type.to_owned(), content: content.to_string() };
    for server in servers {
        outbox::put(txn, *server, &edu)?;
    }
    Ok(())
}

fn value(raw: &RawValue) -> Value {
    serde_json::from_str(raw.get()).unwrap_or_default()
}
