//! Why a file cannot be taken, found or shown.

use kith_store::Error;

use crate::{blobs::BlobError, remote::RemoteError, thumbnail::ThumbnailError};

/// Why something cannot be kept, or the media repository cannot be opened: a failure on this side.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The directory of drafts, or the object store.
    #[error("media: {0}")]
    Blobs(#[from] BlobError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Why a file was not taken.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// It is larger than uploads may be.
    #[error("the file is larger than {0} bytes")]
    TooLarge(u64),
    /// The user has as much as they may have.
    #[error("you have uploaded as much as you may")]
    QuotaExceeded,
    /// The user has announced as many files as they may.
    #[error("you have announced as many files as you may")]
    TooManyPending,
    /// Suspended users upload nothing.
    #[error("this account is suspended")]
    Suspended,
    /// Nobody announced this file, or it came too late.
    #[error("no upload with this id is expected")]
    NotExpected,
    /// Somebody else announced it.
    #[error("somebody else announced this file")]
    NotYours,
    /// It has been uploaded already.
    #[error("this file has been uploaded already")]
    Exists,
    /// The name is too long.
    #[error("the file's name or content type is too long")]
    BadName,
    /// The client stopped sending.
    #[error("the upload broke off: {0}")]
    BrokeOff(std::io::Error),
    /// The client sends too slowly.
    #[error("the upload did not arrive in time")]
    TooSlow,
    /// The bytes cannot be stored.
    #[error(transparent)]
    Blobs(#[from] BlobError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Why a file is not served.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// There is none, or none that may be seen.
    #[error("there is no such media")]
    NotFound,
    /// It has been announced and not uploaded.
    #[error("the content has not been uploaded yet")]
    NotYetUploaded,
    /// Its server does not give it to us.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// It has no thumbnail.
    #[error(transparent)]
    Thumbnail(#[from] ThumbnailError),
    /// The bytes cannot be read.
    #[error(transparent)]
    Blobs(#[from] BlobError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}
