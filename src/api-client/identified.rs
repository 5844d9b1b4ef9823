//! A request whose sender may say who they are, although the specification does not ask them to.

use ruma::api::{IncomingRequest, Metadata, auth_scheme::AccessTokenOptional, error::DeserializationError};

/// A request that is authenticated if it carries a token.
pub(crate) struct Identified<T>(pub(crate) T);

impl<T: Metadata> Metadata for Identified<T> {
    const METHOD: http::Method = T::METHOD;
    const RATE_LIMITED: bool = T::RATE_LIMITED;
    type Authentication = AccessTokenOptional;
    type PathBuilder = T::PathBuilder;
    const PATH_BUILDER: Self::PathBuilder = T::PATH_BUILDER;
}

impl<T: IncomingRequest> IncomingRequest for Identified<T> {
    type EndpointError = T::EndpointError;
    type OutgoingResponse = T::OutgoingResponse;

    fn try_from_http_request_inner(
        request: http::Request<&[u8]>,
        path_args: &[&str],
    ) -> Result<Self, DeserializationError> {
        T::try_from_http_request_inner(request, path_args).map(Self)
    }
}
