//! Failures of keys, messages to devices, backups and dehydrated devices.

use http::StatusCode;
use kith_e2ee::{BackupError, CrossSigningError, DehydratedError, KeyError, ToDeviceError};
use ruma::api::error::{ErrorKind, WrongRoomKeysVersionErrorData};
use serde_json::json;

use crate::ApiError;

impl From<KeyError> for ApiError {
    fn from(error: KeyError) -> Self {
        let message = error.to_string();
        match error {
            KeyError::NoDevice | KeyError::NotYours | KeyError::Malformed(_) | KeyError::Exists(_) => {
                Self::invalid_param(message)
            }
            KeyError::BadSignature(_) => bad_signature(&message),
            KeyError::TooMuch(_) => Self::too_large(message),
            KeyError::Store(error) => error.into(),
        }
    }
}

impl From<CrossSigningError> for ApiError {
    fn from(error: CrossSigningError) -> Self {
        let message = error.to_string();
        match error {
            CrossSigningError::NeedsProof | CrossSigningError::NamedLikeDevice => Self::forbidden(message),
            CrossSigningError::Malformed(_) => Self::invalid_param(message),
            CrossSigningError::NoMasterKey => Self::bad_request(ErrorKind::MissingParam, message),
            CrossSigningError::BadSignature(_) => bad_signature(&message),
            CrossSigningError::Store(error) => error.into(),
        }
    }
}

impl From<ToDeviceError> for ApiError {
    fn from(error: ToDeviceError) -> Self {
        let message = error.to_string();
        match error {
            ToDeviceError::BadType => Self::invalid_param(message),
            ToDeviceError::NotAnObject => Self::bad_json(message),
            ToDeviceError::TooLarge => Self::too_large(message),
            ToDeviceError::Store(error) => error.into(),
        }
    }
}

impl From<BackupError> for ApiError {
    fn from(error: BackupError) -> Self {
        let message = error.to_string();
        match error {
            BackupError::NotFound => Self::not_found(message),
            BackupError::WrongVersion { current } => {
                let data = WrongRoomKeysVersionErrorData { current_version: current };
                Self::forbidden_kind(ErrorKind::WrongRoomKeysVersion(data), message)
            }
            BackupError::Malformed(_) => Self::bad_json(message),
            BackupError::Mismatch(_) => Self::invalid_param(message),
            BackupError::TooLarge(_) => Self::too_large(message),
            BackupError::Store(error) => error.into(),
        }
    }
}

impl From<DehydratedError> for ApiError {
    fn from(error: DehydratedError) -> Self {
        let message = error.to_string();
        match error {
            DehydratedError::NotFound => Self::not_found(message),
            DehydratedError::OtherDevice => Self::forbidden(message),
            DehydratedError::InUse | DehydratedError::Malformed(_) | DehydratedError::UnknownToken => {
                Self::invalid_param(message)
            }
            DehydratedError::TooLarge => Self::too_large(message),
            DehydratedError::Keys(error) => error.into(),
            DehydratedError::Store(error) => error.into(),
        }
    }
}

/// A code that ruma has no name for.
fn bad_signature(message: &str) -> ApiError {
    let body = json!({ "errcode": "M_INVALID_SIGNATURE", "error": message });
    ApiError::json(StatusCode::BAD_REQUEST, body)
}
