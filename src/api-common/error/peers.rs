//! Failures of asking other servers, as the client that waits for the outcome is told of them.

use http::StatusCode;
use kith_peers::{IdentityError, PeerError, PolicyError, RequestError};
use ruma::api::error::ErrorKind;

use crate::ApiError;

impl From<PeerError> for ApiError {
    fn from(error: PeerError) -> Self {
        let message = format!("Another server could not be asked: {error}");
        match error {
            PeerError::Denied(reason) => Self::forbidden(reason),
            PeerError::Answer { status, errcode: Some(errcode), error, .. }
                if let Some(status) = relayed(status) =>
            {
                Self::json(
                    status,
                    serde_json::json!({ "errcode": errcode, "error": error.unwrap_or(message) }),
                )
            }
            PeerError::Answer { .. }
            | PeerError::Backoff { .. }
            | PeerError::Unreachable(_)
            | PeerError::BadAnswer(_) => Self::new(StatusCode::BAD_GATEWAY, ErrorKind::Unknown, message),
            PeerError::BadRequest(_) => Self::internal(&error),
        }
    }
}

/// The status of another server's refusal, if it is the client's to know. A refusal of our own signature is not: the
/// client would take it for the end of its session.
fn relayed(status: u16) -> Option<StatusCode> {
    let status = StatusCode::from_u16(status).ok()?;
    (status.is_client_error() && status != StatusCode::UNAUTHORIZED).then_some(status)
}

impl From<IdentityError> for ApiError {
    fn from(error: IdentityError) -> Self {
        let message = error.to_string();
        match error {
            IdentityError::BadName => Self::invalid_param(message),
            IdentityError::Refused { status, errcode, error }
                if let Some(status) = relayed(status)
                    && !errcode.is_empty() =>
            {
                Self::json(status, serde_json::json!({ "errcode": errcode, "error": error }))
            }
            IdentityError::Refused { .. } | IdentityError::Unreachable(_) | IdentityError::BadAnswer(_) => {
                Self::new(StatusCode::BAD_GATEWAY, ErrorKind::Unknown, message)
            }
        }
    }
}

impl From<PolicyError> for ApiError {
    fn from(error: PolicyError) -> Self {
        match error {
            PolicyError::Refused(_) => Self::forbidden(error.to_string()),
            PolicyError::Unavailable(error) => error.into(),
        }
    }
}

impl From<RequestError> for ApiError {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Denied(reason) => Self::forbidden(reason),
            RequestError::Body(_) => Self::bad_request(ErrorKind::NotJson, error.to_string()),
            RequestError::Header(_)
            | RequestError::Destination(_)
            | RequestError::Key(..)
            | RequestError::Signature(_) => {
                Self::new(StatusCode::UNAUTHORIZED, ErrorKind::Unauthorized, error.to_string())
            }
        }
    }
}
