//! The one place that knows which `errcode` and which status a failure has.
//!
//! Domain errors are turned here, one file per crate, by exhaustive matches: a new variant does not compile until it
//! has an answer. <https://spec.matrix.org/v1.19/client-server-api/#standard-error-response>

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use bytes::BytesMut;
use http::{StatusCode, header};
use kith_rooms::Unsigned;
use ruma::api::{
    OutgoingResponseExt,
    error::{
        Error, ErrorBody, ErrorKind, LimitExceededErrorData, RetryAfter, StandardErrorBody,
        UnknownTokenErrorData,
    },
};

mod accounts;
mod appservice;
mod e2ee;
mod ephemeral;
mod federation;
mod media;
mod peers;
mod push;
mod resident;
mod rooms;
mod rooms_reading;
mod rooms_serving;
mod search;
mod sso;
mod store;
mod sync;
mod thread_subscriptions;

/// An answer that says no.
#[derive(Debug)]
pub struct ApiError {
    error: Error,
    /// What has to be signed before the request can be made again, instead of being refused.
    unsigned: Option<Box<Unsigned>>,
}

impl ApiError {
    /// An error with the given status, code and message for humans.
    pub fn new(status: StatusCode, kind: ErrorKind, message: impl Into<String>) -> Self {
        let body = StandardErrorBody { kind, message: message.into() };
        Self::from(Error { status_code: status, body: ErrorBody::Standard(body) })
    }

    /// An error whose body is not the standard one: user-interactive authentication.
    pub fn json(status: StatusCode, body: serde_json::Value) -> Self {
        Self::from(Error { status_code: status, body: ErrorBody::Json(body) })
    }

    /// 400 with the given code.
    pub fn bad_request(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, kind, message)
    }

    /// 400 `M_INVALID_PARAM`.
    pub fn invalid_param(message: impl Into<String>) -> Self {
        Self::bad_request(ErrorKind::InvalidParam, message)
    }

    /// 400 `M_BAD_JSON`.
    pub fn bad_json(message: impl Into<String>) -> Self {
        Self::bad_request(ErrorKind::BadJson, message)
    }

    /// 403 `M_FORBIDDEN`.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::forbidden_kind(ErrorKind::Forbidden, message)
    }

    /// 403 with another code.
    pub fn forbidden_kind(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, kind, message)
    }

    /// 404 `M_NOT_FOUND`.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, ErrorKind::NotFound, message)
    }

    /// 404 or 405 `M_UNRECOGNIZED`: no such endpoint.
    pub fn unrecognized(status: StatusCode) -> Self {
        Self::new(status, ErrorKind::Unrecognized, "Unrecognized request")
    }

    /// 401 `M_MISSING_TOKEN`.
    pub fn missing_token() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, ErrorKind::MissingToken, "Missing access token")
    }

    /// 401 `M_UNKNOWN_TOKEN`; a soft logout keeps the client's keys.
    pub fn unknown_token(soft_logout: bool) -> Self {
        let kind = ErrorKind::UnknownToken(UnknownTokenErrorData { soft_logout });
        Self::new(StatusCode::UNAUTHORIZED, kind, "Unknown or expired access token")
    }

    /// 413 `M_TOO_LARGE`.
    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, ErrorKind::TooLarge, message)
    }

    /// 429 `M_LIMIT_EXCEEDED` with when to try again.
    pub fn limit_exceeded(retry_after: Duration) -> Self {
        let kind = ErrorKind::LimitExceeded(LimitExceededErrorData {
            retry_after: Some(RetryAfter::Delay(retry_after)),
        });
        Self::new(StatusCode::TOO_MANY_REQUESTS, kind, "Too many requests")
    }

    /// 500 `M_UNKNOWN`. The cause goes to the log, not to the client.
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed inside the server");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, ErrorKind::Unknown, "Internal server error")
    }

    /// 403 for now: the request is made again once this event has been signed.
    pub(crate) fn unsigned(unsigned: Box<Unsigned>) -> Self {
        let refused = Self::forbidden("The room's policy server has not signed the event");
        Self { unsigned: Some(unsigned), ..refused }
    }

    /// What has to be signed before the request can be made again, if it is that.
    pub(crate) fn into_unsigned(self) -> Result<Unsigned, Self> {
        match self.unsigned {
            Some(unsigned) => Ok(*unsigned),
            None => Err(self),
        }
    }

    /// The error's status.
    pub fn status(&self) -> StatusCode {
        self.error.status_code
    }

    /// What is wrong, for people.
    pub fn message(&self) -> &str {
        match &self.error.body {
            ErrorBody::Standard(body) => &body.message,
            _ => "",
        }
    }
}

impl ApiError {
    /// When to try again, in whole seconds, rounded up: who comes back a moment too early is refused again.
    fn retry_after_header(&self) -> Option<header::HeaderValue> {
        let ErrorBody::Standard(StandardErrorBody { kind: ErrorKind::LimitExceeded(data), .. }) =
            &self.error.body
        else {
            return None;
        };
        let Some(RetryAfter::Delay(delay)) = &data.retry_after else { return None };
        Some(header::HeaderValue::from(delay.as_millis().div_ceil(1_000).try_into().unwrap_or(u64::MAX)))
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self { error, unsigned: None }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let retry_after = self.retry_after_header();
        match self.error.try_into_http_response::<BytesMut>() {
            Ok(response) => {
                let (mut parts, body) = response.into_parts();
                let json = header::HeaderValue::from_static("application/json");
                parts.headers.entry(header::CONTENT_TYPE).or_insert(json);
                if let Some(seconds) = retry_after {
                    parts.headers.insert(header::RETRY_AFTER, seconds);
                }
                Response::from_parts(parts, body.freeze().into())
            }
            Err(error) => {
                tracing::error!(%error, "an error response could not be written");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

/// The domain's words as a client shows them.
fn sentence(words: &str) -> String {
    let mut characters = words.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}
