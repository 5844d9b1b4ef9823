//! Finding a file, waiting for one that is announced, and fetching one that another server has.

use std::{ops::Range, sync::Arc, time::Duration};

use kith_store::{
    Error, ServerSid,
    tables::media::{BlobHash, MEDIA, MEDIA_ACCESS, MEDIA_PENDING, MediaRecord, MediaSource},
};
use ruma::{OwnedServerName, ServerName};
use tokio::time::{Instant, timeout_at};

use crate::{Media, MediaError, MediaKey, blobs::ByteStream, media_id};

/// How long anybody waits for a file that is announced and not uploaded.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// How exactly the time of the last look is kept, in milliseconds.
const ACCESS_RESOLUTION_MS: u64 = 3_600_000;

/// How a file is looked for.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    /// It may be fetched from another server.
    pub allow_remote: bool,
    /// Whoever asks has not shown who they are: they see what came before the freeze.
    pub anonymous: bool,
    /// How long they wait for what is announced.
    pub patience: Duration,
}

/// A file that may be served.
#[derive(Clone, Debug)]
pub struct MediaFile {
    /// The hash of its bytes.
    pub sha256: BlobHash,
    /// How many they are.
    pub size_bytes: u64,
    /// The content type, as whoever uploaded it said; see [`crate::serving`].
    pub content_type: Option<String>,
    /// The file's name.
    pub file_name: Option<String>,
    /// Another server's users uploaded it.
    pub remote: bool,
}

enum Local {
    Found(MediaRecord),
    Pending,
    Nothing,
}

impl Media {
    /// Finds a file.
    pub async fn find(
        self: &Arc<Self>,
        server: &ServerName,
        media_id: &str,
        search: Search,
    ) -> Result<MediaFile, MediaError> {
        if !media_id::is_valid(media_id) {
            return Err(MediaError::NotFound);
        }
        let record = if server == self.server_name {
            self.find_own(media_id, search).await?
        } else {
            self.find_remote(server, media_id, search).await?
        };
        if record.quarantined_by.is_some() || self.hides(search, record.created_ms) {
            return Err(MediaError::NotFound);
        }
        Ok(MediaFile {
            sha256: record.sha256,
            size_bytes: record.size_bytes,
            content_type: record.content_type,
            file_name: record.file_name,
            remote: record.source == MediaSource::Remote,
        })
    }

    /// Finds a file of this server's users for another server.
    pub async fn find_for_peer(
        self: &Arc<Self>,
        media_id: &str,
        patience: Duration,
    ) -> Result<MediaFile, MediaError> {
        let search = Search { allow_remote: false, anonymous: false, patience };
        self.find(&self.server_name, media_id, search).await
    }

    /// The bytes of a file, or a part of them.
    pub async fn read(&self, sha256: &BlobHash, range: Range<u64>) -> Result<ByteStream, MediaError> {
        let stream = self.blobs.read(sha256, range).await;
        if let Err(error) = &stream {
            tracing::error!(%error, "a file that should be there cannot be read");
        }
        Ok(stream?)
    }

    async fn find_own(self: &Arc<Self>, media_id: &str, search: Search) -> Result<MediaRecord, MediaError> {
        let deadline = Instant::now() + search.patience.min(WAIT_MAX);
        // Before the first look, so that no arrival is missed in between.
        let mut arrivals = self.arrivals.subscribe();
        loop {
            match self.look(self.own_server, media_id).await? {
                Local::Found(record) => return Ok(record),
                // Strangers are not told what will come.
                Local::Pending if self.hides(search, self.clock.now_ms()) => {
                    return Err(MediaError::NotFound);
                }
                Local::Pending => {}
                Local::Nothing => return Err(MediaError::NotFound),
            }
            if !matches!(timeout_at(deadline, arrivals.changed()).await, Ok(Ok(()))) {
                return Err(MediaError::NotYetUploaded);
            }
        }
    }

    async fn find_remote(
        self: &Arc<Self>,
        server: &ServerName,
        media_id: &str,
        search: Search,
    ) -> Result<MediaRecord, MediaError> {
        let (media, name) = (Arc::clone(self), server.to_owned());
        let known = self.tasks.blocking(move || media.store.ids().find_server(&name)).await?;
        if let Some(server) = known
            && let Local::Found(record) = self.look(server, media_id).await?
        {
            return Ok(record);
        }
        // What is fetched now may be newer than the freeze.
        if !search.allow_remote || self.hides(search, self.clock.now_ms()) {
            return Err(MediaError::NotFound);
        }
        let wanted: (OwnedServerName, String) = (server.to_owned(), media_id.to_owned());
        let sid = self.fetch(wanted, search.patience.min(WAIT_MAX)).await?;
        match self.look(sid, media_id).await? {
            Local::Found(record) => Ok(record),
            Local::Pending | Local::Nothing => Err(MediaError::NotFound),
        }
    }

    /// Whether a file that came at this time is kept from whoever asks.
    fn hides(&self, search: Search, created_ms: u64) -> bool {
        search.anonymous && created_ms >= self.config.media.legacy_media_before_ms
    }

    async fn look(self: &Arc<Self>, server: ServerSid, media_id: &str) -> Result<Local, Error> {
        let (media, key) = (Arc::clone(self), (server, media_id.to_owned()));
        self.tasks.blocking(move || media.look_now(&key)).await
    }

    fn look_now(&self, key: &MediaKey) -> Result<Local, Error> {
        let read = self.store.engine();
        if let Some(record) = MEDIA.get(read, key)? {
            self.note_access(key)?;
            return Ok(Local::Found(record));
        }
        if key.0 != self.own_server {
            return Ok(Local::Nothing);
        }
        let pending = MEDIA_PENDING.get(read, &key.1)?;
        let waiting = pending.is_some_and(|pending| pending.expires_ms > self.clock.now_ms());
        Ok(if waiting { Local::Pending } else { Local::Nothing })
    }

    /// Notes that somebody looked, now and then. Nobody waits for it to reach the disk.
    fn note_access(&self, key: &MediaKey) -> Result<(), Error> {
        let now_ms = self.clock.now_ms();
        let noted_ms = MEDIA_ACCESS.get(self.store.engine(), key)?.unwrap_or(0);
        if now_ms.saturating_sub(noted_ms) < ACCESS_RESOLUTION_MS {
            return Ok(());
        }
        let _writing = self.writing.lock();
        // It may have been deleted since; a row without a file would stay for ever.
        if !MEDIA.contains(self.store.engine(), key)? {
            return Ok(());
        }
        let mut txn = self.store.begin();
        MEDIA_ACCESS.put(&mut txn.batch, key, &now_ms);
        let _soon_durable = self.store.commit(txn)?;
        Ok(())
    }
}
