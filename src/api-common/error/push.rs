//! Failures of push rules and pushers.

use kith_push::{PusherError, RuleError};
use ruma::api::error::ErrorKind;

use super::sentence;
use crate::ApiError;

impl From<RuleError> for ApiError {
    fn from(error: RuleError) -> Self {
        match error {
            RuleError::NotFound => Self::not_found("There is no such push rule"),
            RuleError::Invalid(message) => Self::invalid_param(message),
            RuleError::NoSuchNeighbour(message) => Self::bad_request(ErrorKind::Unknown, message),
            RuleError::TooLarge => Self::too_large("Your push rules have become too large"),
            RuleError::Store(error) => error.into(),
        }
    }
}

impl From<PusherError> for ApiError {
    fn from(error: PusherError) -> Self {
        match error {
            PusherError::Invalid(message) => Self::invalid_param(sentence(&message)),
            PusherError::AddressNotFound => {
                Self::bad_request(ErrorKind::ThreepidNotFound, sentence(&error.to_string()))
            }
            PusherError::SessionEnded => Self::unknown_token(false),
            PusherError::Store(error) => error.into(),
        }
    }
}
