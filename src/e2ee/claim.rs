//! `/keys/claim`: taking one-time keys, each once, in the order in which they were uploaded.
//!
//! A key is handed out only when the disk knows that it is gone, so neither a second claimer nor a crash gives it away
//! again.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysclaim>

use std::collections::BTreeMap;

use futures_util::future::join_all;
use kith_store::{
    Committed, Direction, Error, Txn, UserSid,
    tables::one_time_keys::{
        self, FALLBACK_KEYS, FallbackKeyRecord, KEY_COUNTS, KeyCountsRecord, ONE_TIME_KEY_IDS, ONE_TIME_KEYS,
    },
};
use ruma::{OwnedServerName, OwnedUserId};
use serde::Serialize;
use serde_json::{Value, value::RawValue};

use crate::{E2ee, query::failure};

/// How long other servers have to answer, in milliseconds, unless the client says otherwise.
pub(crate) const TIMEOUT_MS_DEFAULT: u64 = 10_000;
/// The longest that a client may want to wait for other servers, in milliseconds.
pub(crate) const TIMEOUT_MS_MAX: u64 = 30_000;
/// How many devices of one user are claimed in one transaction at most.
const DEVICES_AT_ONCE_MAX: usize = 1_000;

/// Of which devices a key is wanted, and by which algorithm.
pub type KeysWanted = BTreeMap<OwnedUserId, BTreeMap<String, String>>;

/// Keys by user, device and key id.
type Keys = BTreeMap<OwnedUserId, BTreeMap<String, BTreeMap<String, Box<RawValue>>>>;

/// Keys that nobody else gets.
#[derive(Debug, Default, Serialize)]
pub struct ClaimedKeys {
    /// The servers that did not answer.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub failures: BTreeMap<OwnedServerName, Value>,
    /// The keys. A device that has none left is not listed.
    pub one_time_keys: Keys,
}

impl E2ee {
    /// Takes keys of devices of any server.
    pub async fn claim_keys(
        self: &std::sync::Arc<Self>,
        wanted: KeysWanted,
        timeout_ms: Option<u64>,
    ) -> Result<ClaimedKeys, Error> {
        let timeout_ms = timeout_ms.unwrap_or(TIMEOUT_MS_DEFAULT).min(TIMEOUT_MS_MAX);
        let (local, remote): (KeysWanted, KeysWanted) =
            wanted.into_iter().partition(|(user_id, _)| self.accounts.is_local(user_id));
        let mut by_server: BTreeMap<OwnedServerName, KeysWanted> = BTreeMap::new();
        for (user_id, devices) in remote {
            by_server.entry(user_id.server_name().to_owned()).or_default().insert(user_id, devices);
        }
        let e2ee = std::sync::Arc::clone(self);
        let here = self.tasks.blocking(move || e2ee.claim_local(&local));
        let elsewhere = join_all(by_server.into_iter().map(|(server, wanted)| async move {
            let answer = self.neighbours.claim_keys(server.clone(), wanted, timeout_ms).await;
            (server, answer)
        }));
        let (here, elsewhere) = futures_util::future::join(here, elsewhere).await;
        let mut claimed = ClaimedKeys { one_time_keys: here?, ..ClaimedKeys::default() };
        for (server, answer) in elsewhere {
            match answer {
                Ok(answer) => {
                    // A server speaks for its own users only.
                    let own =
                        answer.one_time_keys.into_iter().filter(|(user, _)| user.server_name() == server);
                    claimed.one_time_keys.extend(own.map(|(user_id, devices)| {
                        let devices = devices.into_iter().map(|(device_id, keys)| {
                            let keys = keys.into_iter().map(|(id, key)| (id.to_string(), key.into_json()));
                            (device_id.to_string(), keys.collect())
                        });
                        (user_id, devices.collect())
                    }));
                }
                Err(error) => {
                    claimed.failures.insert(server, failure(&error));
                }
            }
        }
        Ok(claimed)
    }

    /// Takes keys of devices of this server; whoever is not here is passed over.
    pub fn claim_local(&self, wanted: &KeysWanted) -> Result<Keys, Error> {
        let mut claimed = Keys::new();
        let mut commits: Vec<Committed> = Vec::new();
        for (user_id, devices) in wanted {
            let Some(user) = self.find_local(user_id)? else { continue };
            let lane = self.accounts.lane(user);
            let mut txn = self.store.begin();
            let mut of_user = BTreeMap::new();
            for (device_id, algorithm) in devices.iter().take(DEVICES_AT_ONCE_MAX) {
                if let Some((key_id, key)) = self.take_key(&mut txn, user, device_id, algorithm)? {
                    of_user.insert(device_id.clone(), BTreeMap::from([(key_id, key)]));
                }
            }
            if of_user.is_empty() {
                continue;
            }
            commits.push(self.store.commit(txn)?);
            drop(lane);
            claimed.insert(user_id.clone(), of_user);
        }
        for committed in commits {
            committed.wait_durable()?;
        }
        Ok(claimed)
    }

    /// Takes the oldest one-time key of a device, or its fallback key.
    fn take_key(
        &self,
        txn: &mut Txn,
        user: UserSid,
        device_id: &str,
        algorithm: &str,
    ) -> Result<Option<(String, Box<RawValue>)>, Error> {
        let device = (user, device_id.to_owned());
        let place = (user, device_id.to_owned(), algorithm.to_owned());
        let mut keys = ONE_TIME_KEYS.scan(self.read(), &place, Direction::Forward);
        if let Some((key, record)) = keys.next().transpose()? {
            ONE_TIME_KEYS.delete(&mut txn.batch, &key);
            ONE_TIME_KEY_IDS.delete(&mut txn.batch, &(user, device_id.to_owned(), record.key_id.clone()));
            let mut counts = one_time_keys::counts(self.read(), user, device_id)?;
            take_one(&mut counts, algorithm);
            KEY_COUNTS.put(&mut txn.batch, &device, &counts);
            return Ok(Some((record.key_id, raw(record.key)?)));
        }
        let Some(record) = FALLBACK_KEYS.get(self.read(), &place)? else { return Ok(None) };
        if !record.used {
            FALLBACK_KEYS.put(&mut txn.batch, &place, &FallbackKeyRecord { used: true, ..record.clone() });
            let mut counts = one_time_keys::counts(self.read(), user, device_id)?;
            counts.unused_fallback.remove(algorithm);
            KEY_COUNTS.put(&mut txn.batch, &device, &counts);
        }
        Ok(Some((record.key_id, raw(record.key)?)))
    }
}

fn take_one(counts: &mut KeyCountsRecord, algorithm: &str) {
    if let Some(count) = counts.one_time.get_mut(algorithm) {
        *count = count.saturating_sub(1);
    }
    counts.one_time.retain(|_, count| *count > 0);
}

fn raw(key: String) -> Result<Box<RawValue>, Error> {
    RawValue::from_string(key).map_err(|_| Error::Corrupt { table: "one_time_keys", what: "key" })
}
