//! Endpoints that ruma reads too strictly or answers too loosely: its path and authentication, our own bodies.

use std::marker::PhantomData;

use bytes::BufMut;
use http::StatusCode;
use ruma::api::{
    IncomingRequest, Metadata, OutgoingBody, OutgoingResponse,
    error::{DeserializationError, Error, IntoHttpError},
};
use serde::{Serialize, de::DeserializeOwned};

/// The endpoint of ruma's request type `T`, read as `B` and answered with `R`.
pub struct Own<T, B, R> {
    /// The request.
    pub request: B,
    types: PhantomData<fn() -> (T, R)>,
}

/// The endpoint of ruma's request type `T`, read as ruma reads it and answered with `R`.
pub type Answered<T, R> = Own<T, T, R>;

/// How a request is read.
pub trait ReadRequest: Sized {
    /// The request from its HTTP form and the arguments in its path.
    fn read(request: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError>;
}

impl<T: IncomingRequest> ReadRequest for T {
    fn read(request: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        T::try_from_http_request_inner(request, arguments)
    }
}

/// A request that consists of its path alone.
pub struct Empty;

impl ReadRequest for Empty {
    fn read(_: http::Request<&[u8]>, _: &[&str]) -> Result<Self, DeserializationError> {
        Ok(Self)
    }
}

impl<T: Metadata, B, R> Metadata for Own<T, B, R> {
    const METHOD: http::Method = T::METHOD;
    const RATE_LIMITED: bool = T::RATE_LIMITED;
    type Authentication = T::Authentication;
    type PathBuilder = T::PathBuilder;
    const PATH_BUILDER: T::PathBuilder = T::PATH_BUILDER;
}

impl<T: Metadata, B: ReadRequest, R: OutgoingResponse> IncomingRequest for Own<T, B, R> {
    type EndpointError = Error;
    type OutgoingResponse = R;

    fn try_from_http_request_inner(
        request: http::Request<&[u8]>,
        arguments: &[&str],
    ) -> Result<Self, DeserializationError> {
        Ok(Self { request: B::read(request, arguments)?, types: PhantomData })
    }
}

/// A response that is one JSON value.
#[derive(Clone, Debug)]
pub struct Json<T> {
    status: StatusCode,
    value: T,
}

impl<T> Json<T> {
    /// 200.
    pub fn ok(value: T) -> Self {
        Self { status: StatusCode::OK, value }
    }

    /// 201.
    pub fn created(value: T) -> Self {
        Self { status: StatusCode::CREATED, value }
    }
}

impl<T: Serialize> OutgoingResponse for Json<T> {
    type Body = Self;

    fn try_into_http_response_inner(self) -> Result<http::Response<Self>, IntoHttpError> {
        Ok(http::Response::builder().status(self.status).body(self)?)
    }
}

impl<T: Serialize> OutgoingBody for Json<T> {
    type Error = IntoHttpError;

    fn content_type(&self) -> Option<http::HeaderValue> {
        Some(http::HeaderValue::from_static("application/json"))
    }

    fn try_into_buf<B: Default + BufMut + AsRef<[u8]>>(self) -> Result<B, IntoHttpError> {
        let mut buffer = B::default();
        buffer.put_slice(&serde_json::to_vec(&self.value)?);
        Ok(buffer)
    }
}

/// A response whose JSON text is ready.
#[derive(Clone, Debug)]
pub struct Ready(pub String);

impl OutgoingResponse for Ready {
    type Body = Self;

    fn try_into_http_response_inner(self) -> Result<http::Response<Self>, IntoHttpError> {
        Ok(http::Response::new(self))
    }
}

impl OutgoingBody for Ready {
    type Error = IntoHttpError;

    fn content_type(&self) -> Option<http::HeaderValue> {
        Some(http::HeaderValue::from_static("application/json"))
    }

    fn try_into_buf<B: Default + BufMut + AsRef<[u8]>>(self) -> Result<B, IntoHttpError> {
        let mut buffer = B::default();
        buffer.put_slice(self.0.as_bytes());
        Ok(buffer)
    }
}

/// The body of a request as JSON; no body at all means an empty object.
pub fn read_body<T: DeserializeOwned>(request: &http::Request<&[u8]>) -> Result<T, DeserializationError> {
    let body: &[u8] = if request.body().is_empty() { b"{}" } else { request.body() };
    Ok(serde_json::from_slice(body)?)
}

/// The arguments in the path of a request that says nothing else, as a tuple.
#[derive(Clone, Debug)]
pub struct InPath<T>(pub T);

impl<T: DeserializeOwned> ReadRequest for InPath<T> {
    fn read(_: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        read_path(arguments).map(Self)
    }
}

/// The arguments in a request's path, as a tuple.
pub fn read_path<T: DeserializeOwned>(arguments: &[&str]) -> Result<T, DeserializationError> {
    let values =
        serde::de::value::SeqDeserializer::<_, serde::de::value::Error>::new(arguments.iter().copied());
    Ok(T::deserialize(values)?)
}
