//! Uploads: at once, or announced first and sent later.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixmediav3upload>

use std::{sync::Arc, time::Duration};

use futures_util::TryStreamExt;
use kith_accounts::Requester;
use kith_store::{
    Direction, Error, Read, UserSid,
    tables::media::{
        MEDIA, MEDIA_PENDING, MEDIA_PENDING_OF, MEDIA_USAGE, MediaRecord, MediaSource, PendingRecord,
        UsageRecord,
    },
};
use ruma::{OwnedMxcUri, ServerName};
use tokio::time::{Instant, timeout, timeout_at};

use crate::{
    Media, UploadError,
    blobs::ByteStream,
    draft::{Draft, Finished},
    media_id,
};

/// How long a whole upload may take, however steadily it goes on.
pub(crate) const UPLOAD_TIME_MAX: Duration = Duration::from_secs(3_600);
/// How long a file's name may be.
const FILE_NAME_BYTES_MAX: usize = 1_024;
/// How long a content type may be.
const CONTENT_TYPE_BYTES_MAX: usize = 255;

/// What a client says of a file it sends.
#[derive(Clone, Debug, Default)]
pub struct Description {
    /// The content type.
    pub content_type: Option<String>,
    /// The file's name.
    pub file_name: Option<String>,
    /// How many bytes will come, if the client says so beforehand.
    pub size_bytes: Option<u64>,
}

/// An upload that has been announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// The media id.
    pub media_id: String,
    /// Until when it must have been uploaded, in unix milliseconds.
    pub expires_ms: u64,
}

impl Media {
    /// Takes a file and answers its media id.
    pub async fn upload(
        self: &Arc<Self>,
        requester: &Requester,
        description: Description,
        body: ByteStream,
    ) -> Result<String, UploadError> {
        let media_id = media_id::make(&self.random);
        let (media, user, wish) = (Arc::clone(self), requester.clone(), description.clone());
        self.tasks.blocking(move || media.check_upload(&user, &wish)).await?;
        let finished = self.receive(body).await?;
        let (owner, id) = (requester.user, media_id.clone());
        let record = self.record(owner, description, &finished);
        self.keep(finished, move |media| media.put_upload(owner, &id, &record, false)).await?;
        Ok(media_id)
    }

    /// Announces an upload.
    pub fn create(&self, requester: &Requester) -> Result<Announced, UploadError> {
        if requester.suspended {
            return Err(UploadError::Suspended);
        }
        let now_ms = self.clock.now_ms();
        let media_id = media_id::make(&self.random);
        let lifetime_ms = self.config.media.pending_upload_lifetime_seconds.saturating_mul(1_000);
        let expires_ms = now_ms.saturating_add(lifetime_ms);
        let owner = requester.user;
        self.write(|read, txn, _references| {
            let mut waiting = 0;
            for row in MEDIA_PENDING_OF.scan(read, &owner, Direction::Forward) {
                waiting += usize::from(row?.1 > now_ms);
            }
            if waiting >= self.config.media.pending_uploads_max {
                return Err(UploadError::TooManyPending);
            }
            MEDIA_PENDING.put(&mut txn.batch, &media_id, &PendingRecord { owner, expires_ms });
            MEDIA_PENDING_OF.put(&mut txn.batch, &(owner, media_id.clone()), &expires_ms);
            Ok(())
        })?;
        Ok(Announced { media_id, expires_ms })
    }

    /// Takes a file that was announced.
    pub async fn upload_announced(
        self: &Arc<Self>,
        requester: &Requester,
        server: &ServerName,
        media_id: &str,
        description: Description,
        body: ByteStream,
    ) -> Result<(), UploadError> {
        if server != self.server_name || !media_id::is_valid(media_id) {
            return Err(UploadError::NotExpected);
        }
        let (media, user, wish, id) =
            (Arc::clone(self), requester.clone(), description.clone(), media_id.to_owned());
        let check = move || {
            media.check_upload(&user, &wish)?;
            let pending = media.check_announced(media.store.engine(), user.user, &id)?;
            if pending.expires_ms > media.clock.now_ms() { Ok(()) } else { Err(UploadError::NotExpected) }
        };
        self.tasks.blocking(check).await?;
        let finished = self.receive(body).await?;
        let (owner, id) = (requester.user, media_id.to_owned());
        let record = self.record(owner, description, &finished);
        self.keep(finished, move |media| media.put_upload(owner, &id, &record, true)).await?;
        self.arrivals.send_modify(|count| *count += 1);
        Ok(())
    }

    /// What can be refused before a byte has come.
    fn check_upload(&self, requester: &Requester, description: &Description) -> Result<(), UploadError> {
        if requester.suspended {
            return Err(UploadError::Suspended);
        }
        let name_bytes = description.file_name.as_ref().map_or(0, String::len);
        let type_bytes = description.content_type.as_ref().map_or(0, String::len);
        if name_bytes > FILE_NAME_BYTES_MAX || type_bytes > CONTENT_TYPE_BYTES_MAX {
            return Err(UploadError::BadName);
        }
        let size_bytes = description.size_bytes.unwrap_or(0);
        if size_bytes > self.config.media.upload_bytes_max {
            return Err(UploadError::TooLarge(self.config.media.upload_bytes_max));
        }
        let usage = MEDIA_USAGE.get(self.store.engine(), &requester.user)?.unwrap_or_default();
        self.check_quota(usage, size_bytes)
    }

    fn check_quota(&self, usage: UsageRecord, more_bytes: u64) -> Result<(), UploadError> {
        match self.config.media.user_bytes_max {
            0 => Ok(()),
            max if usage.bytes.saturating_add(more_bytes) <= max => Ok(()),
            _ => Err(UploadError::QuotaExceeded),
        }
    }

    /// The announcement of an upload that has not happened yet.
    fn check_announced(
        &self,
        read: &dyn Read,
        owner: UserSid,
        media_id: &str,
    ) -> Result<PendingRecord, UploadError> {
        if let Some(record) = MEDIA.get(read, &(self.own_server, media_id.to_owned()))? {
            let own = record.owner == Some(owner);
            return Err(if own { UploadError::Exists } else { UploadError::NotYours });
        }
        match MEDIA_PENDING.get(read, &media_id.to_owned())? {
            None => Err(UploadError::NotExpected),
            Some(pending) if pending.owner != owner => Err(UploadError::NotYours),
            Some(pending) => Ok(pending),
        }
    }

    /// Writes a body to the disk, within the limits of size and time.
    async fn receive(&self, mut body: ByteStream) -> Result<Finished, UploadError> {
        let max = self.config.media.upload_bytes_max;
        let patience = Duration::from_millis(self.config.limits.body_timeout_ms);
        let end = Instant::now() + UPLOAD_TIME_MAX;
        let mut draft: Draft = self.drafts.open().await?;
        loop {
            let next = timeout_at(end, timeout(patience, body.try_next())).await;
            let Ok(Ok(next)) = next else { return Err(UploadError::TooSlow) };
            let Some(bytes) = next.map_err(UploadError::BrokeOff)? else { break };
            if draft.size_bytes() + bytes.len() as u64 > max {
                return Err(UploadError::TooLarge(max));
            }
            draft.write(bytes).await?;
        }
        Ok(draft.finish().await?)
    }

    fn record(&self, owner: UserSid, description: Description, finished: &Finished) -> MediaRecord {
        MediaRecord {
            sha256: finished.sha256,
            size_bytes: finished.size_bytes,
            content_type: description.content_type,
            file_name: description.file_name,
            owner: Some(owner),
            created_ms: self.clock.now_ms(),
            source: MediaSource::Upload,
            quarantined_by: None,
            protected: false,
        }
    }

    /// Enters an upload. Everything that was checked beforehand is checked again, because others upload too.
    fn put_upload(
        &self,
        owner: UserSid,
        media_id: &str,
        record: &MediaRecord,
        announced: bool,
    ) -> Result<(), UploadError> {
        self.write(|read, txn, references| {
            let usage = MEDIA_USAGE.get(read, &owner)?.unwrap_or_default();
            self.check_quota(usage, record.size_bytes)?;
            if announced {
                self.check_announced(read, owner, media_id)?;
                Self::delete_pending(txn, owner, media_id);
            }
            let key = (self.own_server, media_id.to_owned());
            Ok::<_, UploadError>(Self::put_record(read, txn, references, &key, record)?)
        })
    }

    /// The URI of a file of this server.
    pub fn uri(&self, media_id: &str) -> OwnedMxcUri {
        format!("mxc://{}/{media_id}", self.server_name).into()
    }

    /// How much of a user's media is kept.
    pub fn usage(&self, user: UserSid) -> Result<UsageRecord, Error> {
        Ok(MEDIA_USAGE.get(self.store.engine(), &user)?.unwrap_or_default())
    }
}
