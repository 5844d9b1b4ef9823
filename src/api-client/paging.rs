//! The query parameters that endpoints in pages share: tokens, directions, limits, and a filter that ruma reads only
//! in part.

use axum::extract::Query;
use kith_rooms::filter::RoomEventFilter;
use kith_store::Direction;
use ruma::{
    UInt,
    api::{Direction as ApiDirection, IncomingRequest, Metadata, error::DeserializationError},
};
use serde::Deserialize;

/// A request together with its `filter`, whole: ruma's filter has no fields about relations.
pub(crate) struct Filtered<T> {
    pub(crate) request: T,
    pub(crate) filter: RoomEventFilter,
}

#[derive(Deserialize)]
struct FilterQuery {
    filter: Option<String>,
}

impl<T: Metadata> Metadata for Filtered<T> {
    const METHOD: http::Method = T::METHOD;
    const RATE_LIMITED: bool = T::RATE_LIMITED;
    type Authentication = T::Authentication;
    type PathBuilder = T::PathBuilder;
    const PATH_BUILDER: Self::PathBuilder = T::PATH_BUILDER;
}

impl<T: IncomingRequest> IncomingRequest for Filtered<T> {
    type EndpointError = T::EndpointError;
    type OutgoingResponse = T::OutgoingResponse;

    fn try_from_http_request_inner(
        request: http::Request<&[u8]>,
        path_args: &[&str],
    ) -> Result<Self, DeserializationError> {
        let query = Query::<FilterQuery>::try_from_uri(request.uri()).ok().and_then(|query| query.0.filter);
        let filter = query.filter(|json| !json.is_empty()).map(|json| RoomEventFilter::from_json(&json));
        let filter = filter.transpose()?.unwrap_or_default();
        Ok(Self { request: T::try_from_http_request_inner(request, path_args)?, filter })
    }
}

/// The direction of a page.
pub(crate) fn direction(direction: ApiDirection) -> Direction {
    match direction {
        ApiDirection::Backward => Direction::Backward,
        ApiDirection::Forward => Direction::Forward,
    }
}

/// A limit, if the client set one.
pub(crate) fn limit(limit: Option<UInt>) -> Option<usize> {
    limit.map(|limit| usize::try_from(u64::from(limit)).unwrap_or(usize::MAX))
}
