//! Failures of what other servers deliver.

use std::time::Duration;

use kith_federation::TransactionError;

use super::sentence;
use crate::ApiError;

impl From<TransactionError> for ApiError {
    fn from(error: TransactionError) -> Self {
        let message = sentence(&error.to_string());
        match error {
            TransactionError::TooLarge | TransactionError::InvalidId => Self::invalid_param(message),
            TransactionError::TooFast { retry_after_ms } => {
                Self::limit_exceeded(Duration::from_millis(retry_after_ms))
            }
            TransactionError::Failed(reason) => Self::internal(&reason),
        }
    }
}
