//! Failures of typing, receipts and presence.

use kith_ephemeral::{PresenceError, ReceiptError, TypingError};
use ruma::api::error::ErrorKind;

use crate::ApiError;

impl From<TypingError> for ApiError {
    fn from(error: TypingError) -> Self {
        match error {
            TypingError::NotInRoom => Self::forbidden("You are not in this room"),
            TypingError::Store(error) => error.into(),
        }
    }
}

impl From<ReceiptError> for ApiError {
    fn from(error: ReceiptError) -> Self {
        match error {
            ReceiptError::NotInRoom => Self::forbidden("You are not in this room"),
            ReceiptError::UnknownEvent => Self::not_found("There is no such event in this room"),
            ReceiptError::WrongThread => Self::invalid_param("The event does not belong to the thread"),
            ReceiptError::Store(error) => error.into(),
        }
    }
}

impl From<PresenceError> for ApiError {
    fn from(error: PresenceError) -> Self {
        match error {
            PresenceError::NotShared => Self::forbidden("You share no room with this user"),
            PresenceError::StatusTooLong => {
                Self::bad_request(ErrorKind::TooLarge, "The status message is too long")
            }
            PresenceError::Store(error) => error.into(),
        }
    }
}
