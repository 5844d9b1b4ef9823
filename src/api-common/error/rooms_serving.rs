//! Failures of other servers' reads.

use http::StatusCode;
use kith_rooms::serve::ServeError;

use super::sentence;
use crate::ApiError;

/// That this server does not know all of a room yet, as servers say it.
/// <https://github.com/matrix-org/matrix-spec-proposals/pull/3895>
const INCOMPLETE: &str = "ORG.MATRIX.MSC3895_UNABLE_DUE_TO_PARTIAL_STATE";

impl From<ServeError> for ApiError {
    fn from(error: ServeError) -> Self {
        let message = sentence(&error.to_string());
        match error {
            ServeError::NotInRoom | ServeError::Banned | ServeError::Blocked => Self::forbidden(message),
            ServeError::Incomplete => Self::json(
                StatusCode::FORBIDDEN,
                serde_json::json!({ "errcode": INCOMPLETE, "error": message }),
            ),
            ServeError::NotFound(_) => Self::not_found(message),
            ServeError::InvalidParam(_) => Self::invalid_param(message),
            ServeError::Store(error) => error.into(),
        }
    }
}
