//! The one place that writes the rows of files and blobs: what refers to what, and how much of it there is.
//!
//! A blob is put in three steps, in the turn of its hash: a row says that it may be there, the bytes are put, and a
//! commit refers to it. A crash in between leaves a blob that nothing refers to, and its row leads the sweep to it.

use std::{collections::BTreeMap, sync::Arc};

use kith_store::{
    Direction, Error, Read, Txn, UserSid,
    tables::media::{
        BlobHash, BlobRecord, MEDIA, MEDIA_ACCESS, MEDIA_BLOBS, MEDIA_OF, MEDIA_ORPHANS, MEDIA_PENDING,
        MEDIA_PENDING_OF, MEDIA_THUMBNAILS, MEDIA_USAGE, MediaRecord, UsageRecord,
    },
};
use tokio::sync::{Mutex, MutexGuard};

use crate::{Media, MediaKey, blobs::BlobError, draft::Finished};

/// How many blobs can be put or deleted at the same time; those whose hashes fall together take turns.
const TURNS: usize = 1_024;

/// Blobs are put and deleted one after the other where they may be the same blob: a deletion must not overtake the
/// upload that brings the blob back.
pub(crate) struct Turns(Vec<Mutex<()>>);

impl Default for Turns {
    fn default() -> Self {
        Self((0..TURNS).map(|_| Mutex::default()).collect())
    }
}

impl Turns {
    pub(crate) async fn take(&self, hash: &BlobHash) -> MutexGuard<'_, ()> {
        let index = usize::from(u16::from_be_bytes([hash[0], hash[1]])) % TURNS;
        self.0[index].lock().await
    }
}

/// References gained and lost in one transaction.
#[derive(Default)]
pub(crate) struct References(BTreeMap<BlobHash, Change>);

#[derive(Default)]
struct Change {
    delta: i64,
    size_bytes: u64,
}

impl References {
    /// Something more consists of the blob.
    pub(crate) fn gain(&mut self, hash: BlobHash, size_bytes: u64) {
        let change = self.0.entry(hash).or_default();
        change.delta += 1;
        change.size_bytes = size_bytes;
    }

    /// Something less does.
    pub(crate) fn lose(&mut self, hash: BlobHash) {
        self.0.entry(hash).or_default().delta -= 1;
    }

    /// Writes the new counts. The thumbnails of blobs that nobody refers to any more go with them.
    fn write(mut self, read: &dyn Read, txn: &mut Txn, now_ms: u64) -> Result<(), Error> {
        while let Some((hash, change)) = self.0.pop_first() {
            let found = MEDIA_BLOBS.get(read, &hash)?;
            let before = found.unwrap_or(BlobRecord { size_bytes: change.size_bytes, references: 0 });
            let references = before.references.saturating_add_signed(change.delta);
            MEDIA_BLOBS.put(&mut txn.batch, &hash, &BlobRecord { references, ..before });
            if references > 0 {
                MEDIA_ORPHANS.delete(&mut txn.batch, &hash);
                continue;
            }
            MEDIA_ORPHANS.put(&mut txn.batch, &hash, &now_ms);
            for row in MEDIA_THUMBNAILS.scan(read, &hash, Direction::Forward) {
                let (key, thumbnail) = row?;
                MEDIA_THUMBNAILS.delete(&mut txn.batch, &key);
                // Where the original serves as its own thumbnail, it does not count.
                if thumbnail.sha256 != hash {
                    self.lose(thumbnail.sha256);
                }
            }
        }
        Ok(())
    }
}

impl Media {
    /// Makes sure that the bytes of a finished draft are stored, and runs `refer` on the blocking pool, which commits
    /// what refers to them.
    pub(crate) async fn keep<R, E>(
        self: &Arc<Self>,
        finished: Finished,
        refer: impl FnOnce(&Self) -> Result<R, E> + Send + 'static,
    ) -> Result<R, E>
    where
        R: Send + 'static,
        E: From<Error> + From<BlobError> + Send + 'static,
    {
        let hash = finished.sha256;
        let _turn = self.turns.take(&hash).await;
        let media = Arc::clone(self);
        let announce = move || media.announce(hash, finished.size_bytes).map(|missing| (missing, finished));
        let (missing, finished) = self.tasks.blocking(announce).await?;
        if missing {
            self.blobs.put(&hash, finished.path()).await?;
        }
        let media = Arc::clone(self);
        self.tasks.blocking(move || refer(&media)).await
    }

    /// Notes that a blob may be about to be stored. False if it is there for certain.
    fn announce(&self, hash: BlobHash, size_bytes: u64) -> Result<bool, Error> {
        let committed = {
            let _writing = self.writing.lock();
            let found = MEDIA_BLOBS.get(self.store.engine(), &hash)?;
            if found.is_some_and(|blob| blob.references > 0) {
                return Ok(false);
            }
            let mut txn = self.store.begin();
            MEDIA_BLOBS.put(&mut txn.batch, &hash, &BlobRecord { size_bytes, references: 0 });
            MEDIA_ORPHANS.put(&mut txn.batch, &hash, &self.clock.now_ms());
            self.store.commit(txn)?
        };
        committed.wait_durable()?;
        Ok(true)
    }

    /// Writes rows one writer at a time, because counts are read before they are written. Answers when the rows are
    /// durable, unless `write` decided to write nothing by failing.
    pub(crate) fn write<R, E: From<Error>>(
        &self,
        write: impl FnOnce(&dyn Read, &mut Txn, &mut References) -> Result<R, E>,
    ) -> Result<R, E> {
        let (result, committed) = {
            let _writing = self.writing.lock();
            let read = self.store.engine();
            let (mut txn, mut references) = (self.store.begin(), References::default());
            let result = write(read, &mut txn, &mut references)?;
            references.write(read, &mut txn, self.clock.now_ms())?;
            (result, self.store.commit(txn)?)
        };
        committed.wait_durable()?;
        Ok(result)
    }

    /// Enters a file.
    pub(crate) fn put_record(
        read: &dyn Read,
        txn: &mut Txn,
        references: &mut References,
        key: &MediaKey,
        record: &MediaRecord,
    ) -> Result<(), Error> {
        MEDIA.put(&mut txn.batch, key, record);
        MEDIA_ACCESS.put(&mut txn.batch, key, &record.created_ms);
        references.gain(record.sha256, record.size_bytes);
        if let Some(owner) = record.owner {
            MEDIA_OF.put(&mut txn.batch, &(owner, record.created_ms, key.1.clone()), &());
            let usage = MEDIA_USAGE.get(read, &owner)?.unwrap_or_default();
            let usage =
                UsageRecord { files: usage.files + 1, bytes: usage.bytes.saturating_add(record.size_bytes) };
            MEDIA_USAGE.put(&mut txn.batch, &owner, &usage);
        }
        Ok(())
    }

    /// Removes files. The usage of an owner is read once for all of them.
    pub(crate) fn delete_records(
        read: &dyn Read,
        txn: &mut Txn,
        references: &mut References,
        files: &[(MediaKey, MediaRecord)],
    ) -> Result<(), Error> {
        let mut usages: BTreeMap<UserSid, UsageRecord> = BTreeMap::new();
        for (key, record) in files {
            MEDIA.delete(&mut txn.batch, key);
            MEDIA_ACCESS.delete(&mut txn.batch, key);
            references.lose(record.sha256);
            let Some(owner) = record.owner else { continue };
            MEDIA_OF.delete(&mut txn.batch, &(owner, record.created_ms, key.1.clone()));
            let usage = match usages.remove(&owner) {
                Some(usage) => usage,
                None => MEDIA_USAGE.get(read, &owner)?.unwrap_or_default(),
            };
            let less = UsageRecord {
                files: usage.files.saturating_sub(1),
                bytes: usage.bytes.saturating_sub(record.size_bytes),
            };
            usages.insert(owner, less);
        }
        for (owner, usage) in usages {
            MEDIA_USAGE.put(&mut txn.batch, &owner, &usage);
        }
        Ok(())
    }

    /// Forgets an announced upload.
    pub(crate) fn delete_pending(txn: &mut Txn, owner: UserSid, media_id: &str) {
        MEDIA_PENDING.delete(&mut txn.batch, &media_id.to_owned());
        MEDIA_PENDING_OF.delete(&mut txn.batch, &(owner, media_id.to_owned()));
    }
}
