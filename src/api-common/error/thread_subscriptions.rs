//! What `kith-rooms` refuses of subscriptions to threads.

use http::StatusCode;
use kith_rooms::thread_subscriptions::SubscriptionError;
use ruma::api::error::ErrorKind;

use crate::ApiError;

impl From<SubscriptionError> for ApiError {
    fn from(error: SubscriptionError) -> Self {
        match error {
            SubscriptionError::NotFound => Self::not_found("There is no such thread"),
            SubscriptionError::NotInThread => {
                Self::bad_request(ErrorKind::NotInThread, "The event is not in the thread")
            }
            SubscriptionError::EndedSince => Self::new(
                StatusCode::CONFLICT,
                ErrorKind::ConflictingUnsubscription,
                "The user has unsubscribed since that event",
            ),
            SubscriptionError::Store(error) => error.into(),
        }
    }
}
