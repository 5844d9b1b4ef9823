//! What goes by itself: files that nobody looks at, announcements that nothing came of, old previews, and blobs that
//! nothing refers to.
//!
//! A blob without references is deleted an hour late, so that a backup that began before finds every blob its rows
//! speak of.

use std::{sync::Arc, time::Duration};

use kith_store::{
    Direction, Error,
    tables::media::{
        BlobHash, MEDIA_BLOBS, MEDIA_ORPHANS, MEDIA_PENDING, MediaRecord, MediaSource, URL_PREVIEWS,
    },
};

use crate::{Media, MediaKey, blobs::BlobError, clear, upload::UPLOAD_TIME_MAX};

/// How often everything is looked through.
const INTERVAL: Duration = Duration::from_secs(900);
/// How many blobs are deleted in one step.
const STEP_ROWS: usize = 500;
/// How long a blob stays that nothing refers to.
const ORPHAN_KEPT_MS: u64 = 3_600_000;
/// How long the picture of a previewed page stays after somebody looked at it.
const PREVIEW_PICTURE_KEPT_MS: u64 = 7 * 86_400_000;
/// How long a preview stays at least, so that a page that many speak of is not entered again and again.
const PREVIEW_KEPT_MS: u64 = 86_400_000;
const DAY_MS: u64 = 86_400_000;

/// A failure of either store.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SweepError {
    #[error(transparent)]
    Blobs(#[from] BlobError),
    #[error(transparent)]
    Store(#[from] Error),
}

impl Media {
    /// Starts the sweep.
    pub fn start(self: &Arc<Self>) {
        let (media, stopping) = (Arc::clone(self), self.tasks.stopping());
        self.tasks.spawn("media sweep", async move {
            loop {
                tokio::select! {
                    () = stopping.cancelled() => return,
                    () = tokio::time::sleep(INTERVAL) => {}
                }
                tokio::select! {
                    () = stopping.cancelled() => return,
                    swept = media.sweep() => if let Err(error) = swept {
                        tracing::error!(%error, "sweeping media failed and will be tried again");
                    },
                }
            }
        });
    }

    pub(crate) async fn sweep(self: &Arc<Self>) -> Result<(), SweepError> {
        let mut from = Some(clear::beginning());
        while let Some(key) = from {
            let media = Arc::clone(self);
            from = self.tasks.blocking(move || media.expire_files(&key)).await?;
        }
        let media = Arc::clone(self);
        self.tasks.blocking(move || media.expire_pending()).await?;
        let media = Arc::clone(self);
        self.tasks.blocking(move || media.expire_previews()).await?;
        loop {
            let media = Arc::clone(self);
            let orphans = self.tasks.blocking(move || media.old_orphans()).await?;
            for hash in &orphans {
                self.delete_orphan(hash).await?;
            }
            if orphans.len() < STEP_ROWS {
                return Ok(());
            }
        }
    }

    /// Deletes the files among the next rows that nobody has looked at for long. Answers where to go on.
    fn expire_files(&self, from: &MediaKey) -> Result<Option<MediaKey>, Error> {
        let now_ms = self.clock.now_ms();
        let step = self.clear_step(from, &|_, record, seen_ms| self.may_expire(record, seen_ms, now_ms))?;
        metrics::counter!("kith_media_expired_total").increment(step.gone.len() as u64);
        Ok(step.next)
    }

    fn may_expire(&self, record: &MediaRecord, seen_ms: u64, now_ms: u64) -> bool {
        let days = |days: u64| (days > 0).then(|| days.saturating_mul(DAY_MS));
        let kept_ms = match record.source {
            MediaSource::Upload => days(self.config.media.local_retention_days),
            MediaSource::Remote => days(self.config.media.remote_retention_days),
            MediaSource::Preview => Some(PREVIEW_PICTURE_KEPT_MS),
        };
        // What was withdrawn must not come back by being fetched again.
        let kept = record.protected || record.quarantined_by.is_some();
        !kept && kept_ms.is_some_and(|kept_ms| now_ms.saturating_sub(seen_ms) > kept_ms)
    }

    /// Forgets announced uploads that have expired and cannot be on their way any more.
    pub(crate) fn expire_pending(&self) -> Result<(), Error> {
        let grace_ms = u64::try_from(UPLOAD_TIME_MAX.as_millis()).unwrap_or(u64::MAX);
        let before_ms = self.clock.now_ms().saturating_sub(grace_ms);
        self.write(|read, txn, _references| {
            for row in MEDIA_PENDING.scan(read, &(), Direction::Forward) {
                let (media_id, pending) = row?;
                if pending.expires_ms < before_ms {
                    Self::delete_pending(txn, pending.owner, &media_id);
                }
            }
            Ok(())
        })
    }

    pub(crate) fn expire_previews(&self) -> Result<(), Error> {
        let kept_ms = self.config.url_previews.cache_seconds.saturating_mul(1_000).max(PREVIEW_KEPT_MS);
        let before_ms = self.clock.now_ms().saturating_sub(kept_ms);
        self.write(|read, txn, _references| {
            for row in URL_PREVIEWS.scan(read, &(), Direction::Forward) {
                let (key, record) = row?;
                if record.fetched_ms < before_ms {
                    URL_PREVIEWS.delete(&mut txn.batch, &key);
                }
            }
            Ok(())
        })
    }

    fn old_orphans(&self) -> Result<Vec<BlobHash>, Error> {
        let before_ms = self.clock.now_ms().saturating_sub(ORPHAN_KEPT_MS);
        let mut old = Vec::new();
        for row in MEDIA_ORPHANS.scan(self.store.engine(), &(), Direction::Forward) {
            let (hash, since_ms) = row?;
            if since_ms < before_ms {
                old.push(hash);
            }
            if old.len() == STEP_ROWS {
                break;
            }
        }
        Ok(old)
    }

    /// Deletes a blob, unless something refers to it again, in its hash's turn.
    async fn delete_orphan(self: &Arc<Self>, hash: &BlobHash) -> Result<(), SweepError> {
        let _turn = self.turns.take(hash).await;
        let (media, hash) = (Arc::clone(self), *hash);
        let is_orphan = move || {
            let read = media.store.engine();
            let before_ms = media.clock.now_ms().saturating_sub(ORPHAN_KEPT_MS);
            Ok::<_, Error>(MEDIA_ORPHANS.get(read, &hash)?.is_some_and(|since_ms| since_ms < before_ms))
        };
        if !self.tasks.blocking(is_orphan).await? {
            return Ok(());
        }
        self.blobs.delete(&hash).await?;
        let media = Arc::clone(self);
        let forget = move || {
            media.write::<(), Error>(|_, txn, _| {
                MEDIA_BLOBS.delete(&mut txn.batch, &hash);
                MEDIA_ORPHANS.delete(&mut txn.batch, &hash);
                Ok(())
            })
        };
        Ok(self.tasks.blocking(forget).await?)
    }
}
