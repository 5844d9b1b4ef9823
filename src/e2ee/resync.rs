//! Asking again for lists of devices of which an update was missed. One worker, a few users at a time; a server that
//! does not answer is asked again later, and later still.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1userdevicesuserid>

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use kith_store::{
    Direction, Error, UserSid,
    tables::{
        devices,
        remote_devices::{STALE_DEVICE_LISTS, StaleListRecord, delete_of_user},
    },
};
use ruma::api::federation::device::get_devices::v1 as federation;

use crate::{
    E2ee,
    cross_signing::check_signing_key,
    remote_lists::{Asked, REMOTE_DEVICES_MAX, Told, remote_device},
    sharing::together,
};
use kith_store::tables::device_keys::KeyUsage;

/// How many users are asked for at the same time.
const USERS_AT_ONCE_MAX: usize = 8;
/// How many users are looked up at a time.
const USERS_A_ROUND_MAX: usize = 200;
/// How often the queue is looked through without being woken, in milliseconds.
const ROUND_INTERVAL_MS: u64 = 30_000;
/// How long the first wait after a failure is, in milliseconds; each next one is twice as long.
const RETRY_MS_FIRST: u64 = 60_000;
/// How often the wait is doubled: the longest is about a day.
const DOUBLINGS_MAX: u32 = 10;

impl E2ee {
    /// Asks for stale lists until the server stops.
    pub(crate) async fn resync_stale_lists(self: Arc<Self>) {
        let stopping = self.tasks.stopping();
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                () = self.stale.notified() => {}
                () = tokio::time::sleep(Duration::from_millis(ROUND_INTERVAL_MS)) => {}
            }
            if let Err(error) = self.resync_round().await {
                tracing::error!(%error, "stale device lists could not be asked for and will be tried again");
            }
        }
    }

    /// Asks for every list that is due.
    pub(crate) async fn resync_round(self: &Arc<Self>) -> Result<(), Error> {
        let stopping = self.tasks.stopping();
        while !stopping.is_cancelled() {
            let e2ee = Arc::clone(self);
            let due = self.tasks.blocking(move || e2ee.due_lists()).await?;
            if due.is_empty() {
                return Ok(());
            }
            let outcomes: Vec<Result<(), Error>> = stream::iter(due)
                .map(|user| self.resync(user))
                .buffer_unordered(USERS_AT_ONCE_MAX)
                .collect()
                .await;
            outcomes.into_iter().collect::<Result<(), Error>>()?;
        }
        Ok(())
    }

    fn due_lists(&self) -> Result<Vec<UserSid>, Error> {
        let now_ms = self.clock.now_ms();
        let mut due = Vec::new();
        for row in STALE_DEVICE_LISTS.scan(self.read(), &(), Direction::Forward) {
            let (user, record) = row?;
            if record.due_ms <= now_ms {
                due.push(user);
            }
            if due.len() == USERS_A_ROUND_MAX {
                break;
            }
        }
        Ok(due)
    }

    async fn resync(self: &Arc<Self>, user: UserSid) -> Result<(), Error> {
        let e2ee = Arc::clone(self);
        let Some(asked) = self.tasks.blocking(move || e2ee.begin_resync(user)).await? else {
            return Ok(());
        };
        let answer = self.neighbours.user_devices(asked.user_id.clone()).await;
        let e2ee = Arc::clone(self);
        self.tasks
            .blocking(move || match answer {
                Ok(answer) if answer.user_id == asked.user_id => {
                    e2ee.remember(&asked, Some(answer.stream_id.into()), &told(&asked, &answer))?;
                    e2ee.announce_resynced(user)
                }
                Ok(_) => e2ee.put_off(user),
                Err(error) => {
                    tracing::debug!(user_id = %asked.user_id, %error, "a device list could not be fetched");
                    e2ee.put_off(user)
                }
            })
            .await
    }

    /// Where this server stands; none if nobody here shares a room with the user any more.
    fn begin_resync(&self, user: UserSid) -> Result<Option<Asked>, Error> {
        let asked_at = self.store.visible();
        let view = self.store.read();
        if together(&*view, user)? {
            return self.ask(&*view, &self.store.ids().user_id(user)?, asked_at).map(Some);
        }
        let _lane = self.accounts.lane(user);
        let mut txn = self.store.begin();
        delete_of_user(&mut txn, self.read(), user)?;
        drop(self.store.commit(txn)?);
        Ok(None)
    }

    /// Clients that asked while the list was stale ask again.
    fn announce_resynced(&self, user: UserSid) -> Result<(), Error> {
        let _lane = self.accounts.lane(user);
        let mut txn = self.store.begin();
        devices::mark_list_changed(&mut txn, self.read(), user)?;
        drop(self.store.commit(txn)?);
        Ok(())
    }

    fn put_off(&self, user: UserSid) -> Result<(), Error> {
        let _lane = self.accounts.lane(user);
        let Some(record) = STALE_DEVICE_LISTS.get(self.read(), &user)? else { return Ok(()) };
        let wait_ms = RETRY_MS_FIRST << record.failures.min(DOUBLINGS_MAX);
        let due_ms = self.clock.now_ms().saturating_add(wait_ms);
        let record = StaleListRecord { due_ms, failures: record.failures.saturating_add(1) };
        let mut txn = self.store.begin();
        STALE_DEVICE_LISTS.put(&mut txn.batch, &user, &record);
        drop(self.store.commit(txn)?);
        Ok(())
    }
}

/// What an answer says, without what makes no sense.
fn told(asked: &Asked, answer: &federation::Response) -> Told {
    let user_id = &asked.user_id;
    let devices = answer.devices.iter().take(REMOTE_DEVICES_MAX).filter_map(|device| {
        let name = device.device_display_name.as_deref();
        let checked = remote_device(user_id, device.device_id.as_str(), device.keys.json().get(), name)?;
        Some((device.device_id.to_string(), checked))
    });
    let signing = |key: Option<&str>, usage| {
        key.and_then(|key| check_signing_key(user_id, usage, key).ok()).map(|key| key.to_text())
    };
    let master_key = answer.master_key.as_ref().map(|key| key.json().get());
    let self_signing_key = answer.self_signing_key.as_ref().map(|key| key.json().get());
    Told {
        devices: devices.collect(),
        master_key: signing(master_key, KeyUsage::Master),
        self_signing_key: signing(self_signing_key, KeyUsage::SelfSigning),
    }
}
