//! Failures of logging in elsewhere.

use http::StatusCode;
use kith_base::DirectoryError;
use kith_sso::{DirectoryLoginError, JwtLoginError, OidcError, SsoError};
use ruma::api::error::ErrorKind;

use crate::ApiError;

impl From<SsoError> for ApiError {
    fn from(error: SsoError) -> Self {
        let message = error.to_string();
        match error {
            SsoError::UnknownProvider => Self::not_found(message),
            SsoError::BadRedirect => Self::invalid_param(message),
            SsoError::UnknownLogin => Self::bad_request(ErrorKind::Unknown, message),
            SsoError::Refused(_) | SsoError::NoAccount | SsoError::OtherAccount => Self::forbidden(message),
            SsoError::Oidc(error) => error.into(),
            SsoError::Login(error) => error.into(),
            SsoError::Register(error) => error.into(),
            SsoError::Store(error) => error.into(),
        }
    }
}

impl From<OidcError> for ApiError {
    fn from(error: OidcError) -> Self {
        match error {
            OidcError::NoName => Self::forbidden(error.to_string()),
            OidcError::Unreachable(_)
            | OidcError::Status(_)
            | OidcError::Malformed(_)
            | OidcError::UnknownKey
            | OidcError::Token(_)
            | OidcError::Mismatch(_) => {
                // What exactly is wrong is for the operator.
                tracing::warn!(%error, "a service that people log in with does not answer as it should");
                let message = "The service you log in with does not answer as it should";
                Self::new(StatusCode::BAD_GATEWAY, ErrorKind::Unknown, message)
            }
        }
    }
}

impl From<JwtLoginError> for ApiError {
    fn from(error: JwtLoginError) -> Self {
        let message = error.to_string();
        match error {
            JwtLoginError::Off => Self::bad_request(ErrorKind::Unknown, message),
            JwtLoginError::Token(_) | JwtLoginError::NoAccount => Self::forbidden(message),
            JwtLoginError::Login(error) => error.into(),
            JwtLoginError::Register(error) => error.into(),
            JwtLoginError::Store(error) => error.into(),
        }
    }
}

impl From<DirectoryLoginError> for ApiError {
    fn from(error: DirectoryLoginError) -> Self {
        let message = error.to_string();
        match error {
            DirectoryLoginError::Directory(error) => error.into(),
            DirectoryLoginError::NoAccount | DirectoryLoginError::NameTaken => Self::forbidden(message),
            DirectoryLoginError::Login(error) => error.into(),
            DirectoryLoginError::Register(error) => error.into(),
            DirectoryLoginError::Store(error) => error.into(),
        }
    }
}

impl From<DirectoryError> for ApiError {
    fn from(error: DirectoryError) -> Self {
        // What exactly is wrong is for the operator.
        tracing::warn!(%error, "the directory does not answer as it should");
        let message = "The directory that knows your password does not answer";
        Self::new(StatusCode::BAD_GATEWAY, ErrorKind::Unknown, message)
    }
}
