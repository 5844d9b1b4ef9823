//! What `kith-appservice` refuses.

use http::StatusCode;
use kith_appservice::Existence;
use ruma::api::error::ErrorKind;

use crate::ApiError;

impl ApiError {
    /// 408 if the application service that would know a name did not answer; nothing is wrong otherwise, for whether
    /// the name is there now is seen by looking.
    pub fn check_answered(existence: Existence) -> Result<(), Self> {
        match existence {
            Existence::There | Existence::Unknown => Ok(()),
            Existence::NoAnswer => Err(Self::new(
                StatusCode::REQUEST_TIMEOUT,
                ErrorKind::Unknown,
                "The application service that this belongs to does not answer",
            )),
        }
    }
}
