//! Failures of media.
//! <https://spec.matrix.org/v1.19/client-server-api/#content-repository>

use std::time::Duration;

use http::StatusCode;
use kith_media::{BlobError, MediaError, PreviewError, RemoteError, ThumbnailError, UploadError};
use ruma::api::error::ErrorKind;

use crate::ApiError;

/// How long somebody waits who has announced too many uploads: until one of them is done.
const PENDING_RETRY: Duration = Duration::from_secs(10);

impl From<UploadError> for ApiError {
    fn from(error: UploadError) -> Self {
        let message = error.to_string();
        match error {
            UploadError::TooLarge(_) => Self::too_large(message),
            UploadError::QuotaExceeded | UploadError::NotYours => Self::forbidden(message),
            UploadError::Suspended => Self::forbidden_kind(ErrorKind::UserSuspended, message),
            UploadError::TooManyPending => Self::limit_exceeded(PENDING_RETRY),
            UploadError::NotExpected => Self::not_found(message),
            UploadError::Exists => Self::new(StatusCode::CONFLICT, ErrorKind::CannotOverwriteMedia, message),
            UploadError::BadName => Self::invalid_param(message),
            UploadError::BrokeOff(_) => Self::bad_request(ErrorKind::Unknown, message),
            UploadError::TooSlow => Self::new(StatusCode::REQUEST_TIMEOUT, ErrorKind::Unknown, message),
            UploadError::Blobs(error) => error.into(),
            UploadError::Store(error) => error.into(),
        }
    }
}

impl From<MediaError> for ApiError {
    fn from(error: MediaError) -> Self {
        match error {
            MediaError::NotFound => Self::not_found(error.to_string()),
            MediaError::NotYetUploaded => not_yet_uploaded(error.to_string()),
            MediaError::Remote(error) => error.into(),
            MediaError::Thumbnail(error) => error.into(),
            MediaError::Blobs(error) => error.into(),
            MediaError::Store(error) => error.into(),
        }
    }
}

impl From<RemoteError> for ApiError {
    fn from(error: RemoteError) -> Self {
        let message = error.to_string();
        match error {
            RemoteError::NotFound => Self::not_found(message),
            RemoteError::NotYetUploaded => not_yet_uploaded(message),
            RemoteError::TooLarge => Self::new(StatusCode::BAD_GATEWAY, ErrorKind::TooLarge, message),
            RemoteError::Unreachable(_) => Self::new(StatusCode::BAD_GATEWAY, ErrorKind::Unknown, message),
            RemoteError::Failed => Self::internal(&error),
        }
    }
}

impl From<ThumbnailError> for ApiError {
    fn from(error: ThumbnailError) -> Self {
        let message = error.to_string();
        match error {
            ThumbnailError::NotAPicture(_) => Self::bad_request(ErrorKind::Unknown, message),
            ThumbnailError::TooLarge { remote: false } => Self::too_large(message),
            ThumbnailError::TooLarge { remote: true } => {
                Self::new(StatusCode::BAD_GATEWAY, ErrorKind::TooLarge, message)
            }
            ThumbnailError::Failed => Self::internal(&error),
        }
    }
}

impl From<PreviewError> for ApiError {
    fn from(error: PreviewError) -> Self {
        let message = error.to_string();
        match error {
            PreviewError::Off => Self::unrecognized(StatusCode::NOT_FOUND),
            PreviewError::BadUrl => Self::invalid_param(message),
            PreviewError::Denied => Self::forbidden(message),
            PreviewError::Unreachable(_) => Self::new(StatusCode::BAD_GATEWAY, ErrorKind::Unknown, message),
            PreviewError::Failed => Self::internal(&error),
        }
    }
}

impl From<BlobError> for ApiError {
    fn from(error: BlobError) -> Self {
        match error {
            // The log has been told; clients are told what they can do something with.
            BlobError::Missing(_) => Self::not_found("there is no such media"),
            BlobError::File { .. } | BlobError::Objects(_) => Self::internal(&error),
        }
    }
}

fn not_yet_uploaded(message: String) -> ApiError {
    ApiError::new(StatusCode::GATEWAY_TIMEOUT, ErrorKind::NotYetUploaded, message)
}
