//! Failures of `/sync`.

use kith_sync::{SlidingError, SyncError};
use ruma::api::error::ErrorKind;

use crate::ApiError;

impl From<SyncError> for ApiError {
    fn from(error: SyncError) -> Self {
        match error {
            SyncError::UnknownToken => {
                Self::invalid_param("`since` is not a token that this server has given out")
            }
            SyncError::BadFilter(error) => Self::bad_request(ErrorKind::BadJson, error.to_string()),
            SyncError::NoSuchFilter => Self::bad_request(ErrorKind::InvalidParam, "There is no such filter"),
            SyncError::Store(error) => error.into(),
        }
    }
}

impl From<SlidingError> for ApiError {
    fn from(error: SlidingError) -> Self {
        match error {
            SlidingError::UnknownPos => Self::bad_request(ErrorKind::UnknownPos, error.to_string()),
            SlidingError::UnknownToken | SlidingError::Excess(_) => Self::invalid_param(error.to_string()),
            SlidingError::Store(error) => error.into(),
        }
    }
}
