//! Thumbnails: made when somebody asks for one, kept with the blob they were made of.
//! <https://spec.matrix.org/v1.19/client-server-api/#thumbnails>
//!
//! Which formats there are: PNG, JPEG, GIF and WebP are read; JPEG and PNG are written, and GIF for what moves.

mod animation;
mod plan;
mod still;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;
use kith_store::{
    Direction, Error,
    tables::media::{BlobHash, MEDIA_BLOBS, MEDIA_THUMBNAILS, ThumbnailForm, ThumbnailRecord},
};
use ruma::UInt;

use crate::{Media, MediaError, MediaFile, blobs::BlobError};

pub use plan::Method;
pub(crate) use still::dimensions;

/// How many thumbnails of one blob are kept. Whoever asks for more forms than clients do gets them, and they are
/// thrown away.
const KEPT_PER_BLOB_MAX: usize = 64;

/// What somebody asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Wish {
    /// The least width, at least 1.
    pub width: u32,
    /// The least height, at least 1.
    pub height: u32,
    /// How the picture is fitted in.
    pub method: Method,
    /// It may move.
    pub animated: bool,
}

impl Wish {
    /// What a request asks for; `None` if it is nothing.
    pub fn new(
        width: UInt,
        height: UInt,
        method: Option<&ruma::media::Method>,
        animated: Option<bool>,
    ) -> Option<Self> {
        // No picture is that large, so nothing is lost.
        let side = |side: UInt| u32::try_from(u64::from(side)).unwrap_or(u32::MAX);
        let (width, height) = (side(width), side(height));
        let method = match method {
            Some(ruma::media::Method::Crop) => Method::Crop,
            _ => Method::Scale,
        };
        let animated = animated.unwrap_or(false);
        (width > 0 && height > 0).then_some(Self { width, height, method, animated })
    }
}

/// A picture to serve.
#[derive(Clone, Debug)]
pub struct Thumbnail {
    /// Its content type.
    pub content_type: String,
    /// How large it is.
    pub size_bytes: u64,
    /// Where its bytes are.
    pub content: ThumbnailContent,
}

/// Where the bytes of a thumbnail are.
#[derive(Clone, Debug)]
pub enum ThumbnailContent {
    /// In a blob.
    Blob(BlobHash),
    /// Here; nobody has kept them.
    Bytes(Bytes),
}

/// Why there is no thumbnail.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ThumbnailError {
    /// The file is no picture, or one of a format that is not read, or a broken one.
    #[error("cannot make a thumbnail of this: {0}")]
    NotAPicture(String),
    /// The picture has more pixels than are decoded.
    #[error("the picture is too large")]
    TooLarge {
        /// Another server's users uploaded it.
        remote: bool,
    },
    /// Something here failed; the log says what.
    #[error("making the thumbnail failed")]
    Failed,
}

/// What scaling a picture yields.
pub(crate) enum Scaled {
    /// The original does.
    Original {
        /// Its content type, as its bytes say.
        content_type: &'static str,
    },
    /// A new picture.
    New {
        /// Its content type.
        content_type: &'static str,
        /// Its bytes.
        bytes: Vec<u8>,
    },
}

type Key = (BlobHash, ThumbnailForm);

impl Media {
    /// The thumbnail of a file.
    pub async fn thumbnail(self: &Arc<Self>, file: &MediaFile, wish: Wish) -> Result<Thumbnail, MediaError> {
        let key: Key = (file.sha256, (wish.width, wish.height, wish.method as u8, wish.animated));
        let media = Arc::clone(self);
        let kept = self.tasks.blocking(move || MEDIA_THUMBNAILS.get(media.store.engine(), &key)).await?;
        if let Some(record) = kept {
            return Ok(record.into());
        }
        let (media, size_bytes, remote) = (Arc::clone(self), file.size_bytes, file.remote);
        let work = move || async move { media.make_thumbnail(key, wish, size_bytes, remote).await };
        let made = self.thumbnails.join(&self.tasks, key, work).await;
        Ok(made.unwrap_or(Err(ThumbnailError::Failed))?)
    }

    async fn make_thumbnail(
        self: Arc<Self>,
        key: Key,
        wish: Wish,
        original_bytes: u64,
        remote: bool,
    ) -> Result<Thumbnail, ThumbnailError> {
        let pixels_max = self.config.media.image_pixels_max;
        let scaled = {
            // The semaphore is never closed.
            let _permit = self.decoding.acquire().await.map_err(|_| ThumbnailError::Failed)?;
            let local = self.blobs.local(&key.0, &self.drafts.scratch()).await.map_err(failed)?;
            self.tasks.blocking(move || still::scale(local.path(), wish, pixels_max)).await
        };
        let scaled = scaled.map_err(|error| match error {
            ThumbnailError::TooLarge { .. } => ThumbnailError::TooLarge { remote },
            other => other,
        })?;
        match scaled {
            Scaled::Original { content_type } => {
                let record = ThumbnailRecord {
                    sha256: key.0,
                    size_bytes: original_bytes,
                    content_type: content_type.to_owned(),
                };
                let (media, entered) = (Arc::clone(&self), record.clone());
                self.tasks.blocking(move || media.put_thumbnail(&key, &entered)).await.map_err(failed)?;
                Ok(record.into())
            }
            Scaled::New { content_type, bytes } => {
                self.keep_thumbnail(key, content_type, bytes.into()).await.map_err(failed)
            }
        }
    }

    async fn keep_thumbnail(
        self: &Arc<Self>,
        key: Key,
        content_type: &str,
        bytes: Bytes,
    ) -> Result<Thumbnail, StoreOrBlob> {
        let mut draft = self.drafts.open().await?;
        draft.write(bytes.clone()).await?;
        let finished = draft.finish().await?;
        let record = ThumbnailRecord {
            sha256: finished.sha256,
            size_bytes: finished.size_bytes,
            content_type: content_type.to_owned(),
        };
        let entered = record.clone();
        let kept = self.keep(finished, move |media| media.put_thumbnail(&key, &entered)).await?;
        let mut thumbnail = Thumbnail::from(record);
        if !kept {
            thumbnail.content = ThumbnailContent::Bytes(bytes);
        }
        Ok(thumbnail)
    }

    /// Enters a thumbnail, unless what it was made of has gone or there are too many. Says whether it did.
    fn put_thumbnail(&self, key: &Key, record: &ThumbnailRecord) -> Result<bool, StoreOrBlob> {
        self.write(|read, txn, references| {
            let original = MEDIA_BLOBS.get(read, &key.0)?;
            let others = MEDIA_THUMBNAILS.scan(read, &key.0, Direction::Forward).take(KEPT_PER_BLOB_MAX);
            let known = MEDIA_THUMBNAILS.contains(read, key)?;
            if known
                || original.is_none_or(|blob| blob.references == 0)
                || others.count() == KEPT_PER_BLOB_MAX
            {
                return Ok(known);
            }
            MEDIA_THUMBNAILS.put(&mut txn.batch, key, record);
            if record.sha256 != key.0 {
                references.gain(record.sha256, record.size_bytes);
            }
            Ok(true)
        })
    }
}

/// A failure of either store.
#[derive(Debug, thiserror::Error)]
enum StoreOrBlob {
    /// The bytes.
    #[error(transparent)]
    Blobs(#[from] BlobError),
    /// The rows.
    #[error(transparent)]
    Store(#[from] Error),
}

fn failed(cause: impl std::fmt::Display) -> ThumbnailError {
    tracing::error!(%cause, "a thumbnail could not be made");
    ThumbnailError::Failed
}

impl From<ThumbnailRecord> for Thumbnail {
    fn from(record: ThumbnailRecord) -> Self {
        Self {
            content_type: record.content_type,
            size_bytes: record.size_bytes,
            content: ThumbnailContent::Blob(record.sha256),
        }
    }
}
