//! Failures of searching.

use kith_search::events::SearchError;
use ruma::api::error::ErrorKind;

use crate::ApiError;

impl From<SearchError> for ApiError {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Disabled => {
                Self::bad_request(ErrorKind::Unknown, "Searching messages is switched off on this server")
            }
            SearchError::UnknownToken => Self::invalid_param("next_batch is no token of this search"),
            SearchError::Index(error) => Self::internal(&error),
            SearchError::Store(error) => error.into(),
        }
    }
}
