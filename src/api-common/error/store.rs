//! Failures of the store.

use http::StatusCode;
use kith_store::Error;
use ruma::api::error::ErrorKind;

use crate::ApiError;

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Conflict => Self::new(
                StatusCode::CONFLICT,
                ErrorKind::Unknown,
                "Somebody else changed this at the same time; try again",
            ),
            Error::Engine(_) | Error::Corrupt { .. } | Error::Missing { .. } | Error::Poisoned(_) => {
                Self::internal(&error)
            }
        }
    }
}
