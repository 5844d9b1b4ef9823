//! `/keys/query`: the devices and keys of users of any server.
//!
//! What is remembered of other servers' users is answered from memory as long as it holds; the rest is asked for, one
//! request a server, and remembered where this server will be told of changes. A server that does not answer is named
//! among the failures, and what was known of its users is told all the same: better an old list than none.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysquery>

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use futures_util::{StreamExt, stream};
use kith_store::{Error, Read, UserSid, tables::device_keys::KeyUsage};
use ruma::{OwnedServerName, OwnedUserId, UserId, api::federation::keys::get_keys::v1 as federation};
use serde::Serialize;
use serde_json::{Value, json, value::RawValue};

use crate::{
    E2ee, Unanswered,
    claim::{TIMEOUT_MS_DEFAULT, TIMEOUT_MS_MAX},
    local_keys::Viewer,
    remote_lists::Asked,
};

/// How many users one request to another server names.
const USERS_A_REQUEST_MAX: usize = 250;
/// How many requests to other servers one query makes at the same time.
const REQUESTS_AT_ONCE_MAX: usize = 50;

/// Whose devices are wanted: those named, or all if none is.
pub type DevicesWanted = BTreeMap<OwnedUserId, Vec<String>>;

/// Devices and keys.
#[derive(Debug, Default, Serialize)]
pub struct QueriedKeys {
    /// The servers that did not answer.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub failures: BTreeMap<OwnedServerName, Value>,
    /// Identity keys by user and device.
    pub device_keys: BTreeMap<OwnedUserId, BTreeMap<String, Box<RawValue>>>,
    /// Master keys.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub master_keys: BTreeMap<OwnedUserId, Box<RawValue>>,
    /// The keys that sign devices.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub self_signing_keys: BTreeMap<OwnedUserId, Box<RawValue>>,
    /// The key that signs other users, for its owner alone.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub user_signing_keys: BTreeMap<OwnedUserId, Box<RawValue>>,
}

impl E2ee {
    /// The devices and keys of users, as a user of this server may see them.
    pub async fn query_keys(
        self: &Arc<Self>,
        viewer: UserSid,
        wanted: DevicesWanted,
        timeout_ms: Option<u64>,
    ) -> Result<QueriedKeys, Error> {
        let timeout_ms = timeout_ms.unwrap_or(TIMEOUT_MS_DEFAULT).min(TIMEOUT_MS_MAX);
        let (e2ee, asked_for) = (Arc::clone(self), wanted.clone());
        let (mut found, missing) = self.tasks.blocking(move || e2ee.query_here(viewer, &asked_for)).await?;
        let requests: Vec<_> = by_server(missing).collect();
        let requests = requests.into_iter().map(|(server, asked)| {
            let wanted_of = |asked: &Asked| {
                (asked.user_id.clone(), wanted_devices(&asked.user_id, asked.remembered, &wanted))
            };
            let users: DevicesWanted = asked.iter().map(wanted_of).collect();
            async move {
                let answer = self.neighbours.query_keys(server.clone(), users, timeout_ms).await;
                (server, asked, answer)
            }
        });
        let requests: Vec<_> = requests.collect();
        let mut answers = stream::iter(requests).buffer_unordered(REQUESTS_AT_ONCE_MAX);
        while let Some((server, asked, answer)) = answers.next().await {
            let (e2ee, wanted) = (Arc::clone(self), wanted.clone());
            match answer {
                Ok(answer) => {
                    let told = self
                        .tasks
                        .blocking(move || e2ee.take_answer(viewer, &server, &asked, &wanted, answer))
                        .await?;
                    found.extend(told);
                }
                Err(error) => {
                    found.failures.insert(server, failure(&error));
                    let known = self
                        .tasks
                        .blocking(move || {
                            let mut known = QueriedKeys::default();
                            let view = e2ee.store.read();
                            for asked in asked {
                                e2ee.add_remembered(&*view, viewer, &asked.user_id, &wanted, &mut known)?;
                            }
                            Ok::<_, Error>(known)
                        })
                        .await?;
                    found.extend(known);
                }
            }
        }
        Ok(found)
    }

    /// The devices and keys of this server's users, for another server.
    pub fn query_local(&self, wanted: &DevicesWanted) -> Result<QueriedKeys, Error> {
        let view = self.store.read();
        let mut found = QueriedKeys::default();
        for (user_id, device_ids) in wanted {
            match self.find_local(user_id)? {
                Some(user) => {
                    self.add_local(&*view, Viewer::Server, user, user_id, device_ids, &mut found)?;
                }
                // Whoever does not exist looks like somebody without devices.
                None if self.accounts.is_local(user_id) => {
                    found.device_keys.insert(user_id.clone(), BTreeMap::new());
                }
                None => {}
            }
        }
        Ok(found)
    }

    /// What can be answered without asking anybody, and of whom somebody has to be asked.
    fn query_here(
        &self,
        viewer: UserSid,
        wanted: &DevicesWanted,
    ) -> Result<(QueriedKeys, Vec<Asked>), Error> {
        // First the place, then the snapshot: what is asked from here on covers everything up to the place.
        let asked_at = self.store.visible();
        let view = self.store.read();
        let (mut found, mut missing) = (QueriedKeys::default(), Vec::new());
        for (user_id, device_ids) in wanted {
            if self.accounts.is_local(user_id) {
                match self.find_local(user_id)? {
                    Some(user) => {
                        let viewer = Viewer::User(viewer);
                        self.add_local(&*view, viewer, user, user_id, device_ids, &mut found)?;
                    }
                    None => {
                        found.device_keys.insert(user_id.clone(), BTreeMap::new());
                    }
                }
            } else if self.holds(&*view, user_id)? {
                self.add_remembered(&*view, viewer, user_id, wanted, &mut found)?;
            } else {
                missing.push(self.ask(&*view, user_id, asked_at)?);
            }
        }
        Ok((found, missing))
    }

    fn add_local(
        &self,
        read: &dyn Read,
        viewer: Viewer,
        user: UserSid,
        user_id: &UserId,
        device_ids: &[String],
        found: &mut QueriedKeys,
    ) -> Result<(), Error> {
        let devices = self.local_devices(read, user, device_ids, viewer)?;
        found.device_keys.insert(user_id.to_owned(), devices);
        self.add_signing_keys(read, viewer, user, user_id, found)
    }

    pub(crate) fn add_signing_keys(
        &self,
        read: &dyn Read,
        viewer: Viewer,
        user: UserSid,
        user_id: &UserId,
        found: &mut QueriedKeys,
    ) -> Result<(), Error> {
        if let Some(key) = self.signing_key(read, user, KeyUsage::Master, viewer)? {
            found.master_keys.insert(user_id.to_owned(), key);
        }
        if let Some(key) = self.signing_key(read, user, KeyUsage::SelfSigning, viewer)? {
            found.self_signing_keys.insert(user_id.to_owned(), key);
        }
        if matches!(viewer, Viewer::User(viewer) if viewer == user)
            && let Some(key) = self.signing_key(read, user, KeyUsage::UserSigning, viewer)?
        {
            found.user_signing_keys.insert(user_id.to_owned(), key);
        }
        Ok(())
    }

    /// Remembers what another server answered where that will hold, and tells it.
    fn take_answer(
        &self,
        viewer: UserSid,
        server: &OwnedServerName,
        asked: &[Asked],
        wanted: &DevicesWanted,
        mut answer: federation::Response,
    ) -> Result<QueriedKeys, Error> {
        let mut found = QueriedKeys::default();
        for asked in asked.iter().filter(|asked| asked.user_id.server_name() == server) {
            let told = self.checked_answer(&asked.user_id, &mut answer);
            let device_ids: BTreeSet<&String> = wanted.get(&asked.user_id).into_iter().flatten().collect();
            if asked.remembered {
                self.remember(asked, None, &told)?;
            }
            self.add_told(viewer, &asked.user_id, told, &device_ids, &mut found)?;
        }
        Ok(found)
    }
}

impl QueriedKeys {
    pub(crate) fn extend(&mut self, other: Self) {
        self.failures.extend(other.failures);
        self.device_keys.extend(other.device_keys);
        self.master_keys.extend(other.master_keys);
        self.self_signing_keys.extend(other.self_signing_keys);
        self.user_signing_keys.extend(other.user_signing_keys);
    }
}

/// How a server that did not answer is told of.
pub(crate) fn failure(error: &Unanswered) -> Value {
    json!({ "status": error.status, "message": error.reason })
}

/// The requests to make: by server, and not too large.
fn by_server(missing: Vec<Asked>) -> impl Iterator<Item = (OwnedServerName, Vec<Asked>)> {
    let mut by_server: BTreeMap<OwnedServerName, Vec<Vec<Asked>>> = BTreeMap::new();
    for asked in missing {
        let chunks = by_server.entry(asked.user_id.server_name().to_owned()).or_default();
        match chunks.last_mut().filter(|chunk| chunk.len() < USERS_A_REQUEST_MAX) {
            Some(chunk) => chunk.push(asked),
            None => chunks.push(vec![asked]),
        }
    }
    by_server
        .into_iter()
        .flat_map(|(server, chunks)| chunks.into_iter().map(move |chunk| (server.clone(), chunk)))
}

/// Which devices to ask for: all of them where the answer is to be remembered.
fn wanted_devices(user_id: &UserId, remembered: bool, wanted: &DevicesWanted) -> Vec<String> {
    if remembered { Vec::new() } else { wanted.get(user_id).cloned().unwrap_or_default() }
}
