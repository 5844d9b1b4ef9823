//! Failures of other servers' reads.

use kith_rooms::serve::ServeError;

use super::sentence;
use crate::ApiError;

impl From<ServeError> for ApiError {
    fn from(error: ServeError) -> Self {
        let message = sentence(&error.to_string());
        match error {
            ServeError::NotInRoom | ServeError::Banned | ServeError::Blocked => Self::forbidden(message),
            ServeError::NotFound(_) => Self::not_found(message),
            ServeError::InvalidParam(_) => Self::invalid_param(message),
            ServeError::Store(error) => error.into(),
        }
    }
}
