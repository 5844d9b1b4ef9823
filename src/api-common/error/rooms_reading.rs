//! Failures of reading rooms.

use http::StatusCode;
use kith_rooms::{ReadError, tokens::UnknownToken};
use ruma::api::error::ErrorKind;

use super::sentence;
use crate::ApiError;

impl From<ReadError> for ApiError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Forbidden => Self::forbidden("You are not allowed to view this room"),
            ReadError::NotFound(what) => Self::not_found(format!("There is no such {what}")),
            ReadError::InvalidParam(message) => Self::invalid_param(message),
            ReadError::UnknownToken(error) => error.into(),
            ReadError::Incomplete => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorKind::Unknown, sentence(&error.to_string()))
            }
            ReadError::Store(error) => error.into(),
        }
    }
}

impl From<UnknownToken> for ApiError {
    fn from(error: UnknownToken) -> Self {
        Self::invalid_param(error.to_string())
    }
}
