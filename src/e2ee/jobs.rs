//! What runs beside requests: telling other servers, asking them again, sweeping.

use std::{sync::Arc, time::Duration};

use kith_store::{
    Change, ChangeKind, Direction, Error,
    tables::{one_time_keys, remote_devices, to_device::TO_DEVICE_SEEN},
};

use crate::{E2ee, direct::SEEN_MS};

/// How long changes of devices are collected before they are told, in milliseconds: a login is followed by keys, and
/// keys by signatures.
const ANNOUNCE_DELAY_MS: u64 = 200;
/// How often changes of devices are looked for without being woken, in milliseconds.
const ANNOUNCE_INTERVAL_MS: u64 = 60_000;
/// How many rows a sweep removes in one transaction.
const SWEPT_AT_ONCE_MAX: usize = 10_000;

impl E2ee {
    /// Starts what runs in the background.
    pub fn start(self: &Arc<Self>) {
        self.tasks.spawn("stale device lists", Arc::clone(self).resync_stale_lists());
        self.tasks.spawn("device announcements", Arc::clone(self).announce_changes());
    }

    /// Tells other servers of changes until this server stops.
    async fn announce_changes(self: Arc<Self>) {
        let stopping = self.tasks.stopping();
        let mut visible = self.store.changes().subscribe();
        let mut seen = *visible.borrow_and_update();
        // What was left behind by the last run comes first.
        let mut waits = false;
        loop {
            let mut news = Vec::new();
            if waits {
                tokio::select! {
                    () = stopping.cancelled() => return,
                    changed = visible.changed() => {
                        if changed.is_err() {
                            return;
                        }
                        let until = *visible.borrow_and_update();
                        let changes = self.store.changes().since(seen);
                        seen = until;
                        if changes.as_ref().is_some_and(|changes| !changes.iter().any(concerns)) {
                            continue;
                        }
                        news = changes.unwrap_or_default();
                        tokio::time::sleep(Duration::from_millis(ANNOUNCE_DELAY_MS)).await;
                    }
                    () = tokio::time::sleep(Duration::from_millis(ANNOUNCE_INTERVAL_MS)) => {}
                }
            }
            let e2ee = Arc::clone(&self);
            let announce = move || {
                e2ee.introduce(&news)?;
                e2ee.announce()
            };
            waits = match self.tasks.blocking(announce).await {
                Ok(more) => !more,
                Err(error) => {
                    tracing::error!(%error, "changes of devices were not told and will be tried again");
                    true
                }
            };
        }
    }

    /// Forgets which messages of other servers came long ago, and what is remembered of users whom nobody here shares a
    /// room with. To be called now and then; it may be called at any time.
    pub fn sweep(&self) -> Result<(), Error> {
        let old_ms = self.clock.now_ms().saturating_sub(SEEN_MS);
        let mut txn = self.store.begin();
        let mut count = 0;
        for row in TO_DEVICE_SEEN.scan(self.read(), &(), Direction::Forward) {
            let (key, at_ms) = row?;
            if at_ms < old_ms {
                TO_DEVICE_SEEN.delete(&mut txn.batch, &key);
                count += 1;
            }
            if count == SWEPT_AT_ONCE_MAX {
                break;
            }
        }
        self.store.commit_durably(txn)?;
        self.forget_strangers()
    }

    /// To be called once after the data was replaced by an older copy: keys that were handed out since must not be
    /// handed out again, so every one-time key goes, and clients bring new ones; and what other servers told since is
    /// asked for again.
    pub fn recover_from_copy(&self) -> Result<(), Error> {
        let mut txn = self.store.begin();
        one_time_keys::delete_all(&mut txn, self.read())?;
        remote_devices::REMOTE_DEVICE_LISTS.delete_prefix(&mut txn.batch, &());
        remote_devices::REMOTE_DEVICES.delete_prefix(&mut txn.batch, &());
        remote_devices::STALE_DEVICE_LISTS.delete_prefix(&mut txn.batch, &());
        self.store.commit_durably(txn)
    }
}

/// Whether other servers may have to be told because of a change.
fn concerns(change: &Arc<Change>) -> bool {
    matches!(change.kind, ChangeKind::DeviceList { .. } | ChangeKind::Event { member: Some(_), .. })
}
