//! From an HTTP request to a typed one: path arguments, a bounded body, and the right `errcode` for what is wrong.

use std::time::Duration;

use axum::{
    RequestPartsExt,
    body::Body,
    extract::{RawPathParams, Request},
};
use bytes::Bytes;
use http::{StatusCode, request::Parts};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use kith_event::json::nesting;
use ruma::api::{
    IncomingRequest, IncomingRequestExt,
    error::{DeserializationError, ErrorKind, FromHttpRequestError},
};

use crate::{ApiError, App};

/// How deep the arrays and objects of a body may be nested. Parsers follow them by recursion, and what is stored is
/// parsed again by every client that reads it.
const BODY_DEPTH_MAX: usize = 100;

/// A request whose body has been read.
pub(crate) struct Whole {
    pub(crate) parts: Parts,
    path_arguments: Vec<String>,
    pub(crate) body: Bytes,
    body_depth_max: usize,
}

/// What a body may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) body_bytes_max: usize,
    pub(crate) body_depth_max: usize,
}

/// Reads path arguments and the whole body, within the size and time that clients have.
pub(crate) async fn read(app: &App, request: Request) -> Result<Whole, ApiError> {
    let bounds =
        Bounds { body_bytes_max: app.config.limits.request_body_bytes_max, body_depth_max: BODY_DEPTH_MAX };
    read_within(app, request, bounds).await
}

/// Reads path arguments and the whole body, within the given bounds and the configured time.
pub(crate) async fn read_within(app: &App, request: Request, bounds: Bounds) -> Result<Whole, ApiError> {
    let (mut parts, body) = request.into_parts();
    let path_arguments = path_arguments(&mut parts).await?;
    let patience = Duration::from_millis(app.config.limits.body_timeout_ms);
    let collecting = Limited::new(body, bounds.body_bytes_max).collect();
    let collected = tokio::time::timeout(patience, collecting).await;
    let body = match collected {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.downcast_ref::<LengthLimitError>().is_some() => {
            return Err(ApiError::too_large("The request's body is too large"));
        }
        Ok(Err(_)) => return Err(ApiError::bad_request(ErrorKind::NotJson, "The request's body broke off")),
        Err(_) => {
            let message = "The request's body did not arrive in time";
            return Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, ErrorKind::Unknown, message));
        }
    };
    Ok(Whole { parts, path_arguments, body, body_depth_max: bounds.body_depth_max })
}

/// Reads path arguments and leaves the body to whoever streams it.
pub(crate) async fn read_head(request: Request) -> Result<(Whole, Body), ApiError> {
    let (mut parts, body) = request.into_parts();
    let path_arguments = path_arguments(&mut parts).await?;
    Ok((Whole { parts, path_arguments, body: Bytes::new(), body_depth_max: BODY_DEPTH_MAX }, body))
}

async fn path_arguments(parts: &mut Parts) -> Result<Vec<String>, ApiError> {
    let arguments = parts.extract::<RawPathParams>().await;
    let arguments = arguments.map_err(|_| ApiError::invalid_param("The path is not valid UTF-8"))?;
    Ok(arguments.iter().map(|(_, value)| value.to_owned()).collect())
}

impl Whole {
    /// The typed request.
    pub(crate) fn parse<T: IncomingRequest>(&self) -> Result<T, ApiError> {
        self.check_text()?;
        let mut builder =
            http::Request::builder().method(self.parts.method.clone()).uri(self.parts.uri.clone());
        if let Some(headers) = builder.headers_mut() {
            headers.clone_from(&self.parts.headers);
        }
        // Clients in use send `POST …/join` and its like without a body when they have nothing to say.
        let body = match self.body.as_ref() {
            b"" if self.parts.method == http::Method::POST => b"{}",
            body => body,
        };
        let request = builder
            .body(body)
            .map_err(|_| ApiError::bad_request(ErrorKind::Unrecognized, "The request line is malformed"))?;
        let arguments: Vec<&str> = self.path_arguments.iter().map(String::as_str).collect();
        T::try_from_http_request(request, &arguments).map_err(|error| self.explain(&error))
    }

    /// What holds for every body that is JSON, also for the parts of it that the endpoint passes over.
    pub(crate) fn check_text(&self) -> Result<(), ApiError> {
        if std::str::from_utf8(&self.body).is_err() {
            return Err(ApiError::bad_request(ErrorKind::NotJson, "The body is not UTF-8"));
        }
        if nesting(&self.body) > self.body_depth_max {
            let message = format!("The body is nested more than {} levels deep", self.body_depth_max);
            return Err(ApiError::bad_json(message));
        }
        // Every PUT has a body, and ruma does not always read it to the end.
        if self.parts.method == http::Method::PUT && !self.body_is_json() {
            return Err(ApiError::bad_request(ErrorKind::NotJson, "The body is not JSON"));
        }
        // Every body is an object. A list would be taken for the fields of the request in their order.
        if self.body.trim_ascii_start().starts_with(b"[") && self.body_is_json() {
            return Err(ApiError::bad_json("The body is not an object"));
        }
        Ok(())
    }

    fn explain(&self, error: &FromHttpRequestError) -> ApiError {
        let FromHttpRequestError::Deserialization(error) = error else {
            return ApiError::unrecognized(StatusCode::METHOD_NOT_ALLOWED);
        };
        let message = error.to_string();
        match error {
            DeserializationError::Json(_) if !self.body_is_json() => {
                ApiError::bad_request(ErrorKind::NotJson, format!("The body is not JSON: {message}"))
            }
            DeserializationError::Json(_) => ApiError::bad_json(message),
            DeserializationError::Query(_) if message.contains("missing field") => {
                ApiError::bad_request(ErrorKind::MissingParam, message)
            }
            _ => ApiError::invalid_param(message),
        }
    }

    fn body_is_json(&self) -> bool {
        self.body.is_empty() || serde_json::from_slice::<serde::de::IgnoredAny>(&self.body).is_ok()
    }
}
