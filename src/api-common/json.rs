//! Request and response types for endpoints that ruma does not have, or reads too strictly.

use bytes::BufMut;
use http::StatusCode;
use ruma::api::{
    OutgoingBody, OutgoingResponse,
    error::{DeserializationError, IntoHttpError},
};
use serde::{Serialize, de::DeserializeOwned};

/// A response that is one JSON value, with status 200.
#[derive(Clone, Debug)]
pub struct Json<T>(pub T);

impl<T: Serialize> OutgoingResponse for Json<T> {
    type Body = Self;

    fn try_into_http_response_inner(self) -> Result<http::Response<Self>, IntoHttpError> {
        Ok(http::Response::builder().status(StatusCode::OK).body(self)?)
    }
}

impl<T: Serialize> OutgoingBody for Json<T> {
    type Error = IntoHttpError;

    fn content_type(&self) -> Option<http::HeaderValue> {
        Some(http::HeaderValue::from_static("application/json"))
    }

    fn try_into_buf<B: Default + BufMut + AsRef<[u8]>>(self) -> Result<B, IntoHttpError> {
        let mut buffer = B::default();
        buffer.put_slice(&serde_json::to_vec(&self.0)?);
        Ok(buffer)
    }
}

/// The body of a request as JSON; no body at all means an empty object.
pub fn read_body<T: DeserializeOwned>(request: &http::Request<&[u8]>) -> Result<T, DeserializationError> {
    let body: &[u8] = if request.body().is_empty() { b"{}" } else { request.body() };
    Ok(serde_json::from_slice(body)?)
}

/// The arguments in a request's path, as a tuple.
pub fn read_path<T: DeserializeOwned>(arguments: &[&str]) -> Result<T, DeserializationError> {
    let values =
        serde::de::value::SeqDeserializer::<_, serde::de::value::Error>::new(arguments.iter().copied());
    Ok(T::deserialize(values)?)
}
