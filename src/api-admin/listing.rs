//! Lists as administrators ask for them: parameters behind the path, an order, and a stretch of the whole.

use std::cmp::Ordering;

use axum::extract::Query;
use http::Uri;
use kith_api_common::{
    ApiError,
    json::{ReadRequest, read_body, read_path},
};
use ruma::api::error::DeserializationError;
use serde::{Deserialize, de::DeserializeOwned};

/// A request that consists of parameters behind its path.
pub(crate) struct Parameters {
    pub(crate) uri: Uri,
}

impl ReadRequest for Parameters {
    fn read(request: http::Request<&[u8]>, _: &[&str]) -> Result<Self, DeserializationError> {
        Ok(Self { uri: request.uri().clone() })
    }
}

/// A request that consists of what its path names and of parameters behind it.
pub(crate) struct Asked<P> {
    pub(crate) path: P,
    pub(crate) uri: Uri,
}

impl<P: DeserializeOwned> ReadRequest for Asked<P> {
    fn read(request: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        Ok(Self { path: read_path(arguments)?, uri: request.uri().clone() })
    }
}

/// A request that consists of what its path names and of a body.
pub(crate) struct Told<P, B> {
    pub(crate) path: P,
    pub(crate) body: B,
}

impl<P: DeserializeOwned, B: DeserializeOwned> ReadRequest for Told<P, B> {
    fn read(request: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        Ok(Self { path: read_path(arguments)?, body: read_body(&request)? })
    }
}

/// The parameters behind a path.
pub(crate) fn parameters<T: DeserializeOwned>(uri: &Uri) -> Result<T, ApiError> {
    let parsed: Result<Query<T>, _> = Query::try_from_uri(uri);
    parsed.map(|query| query.0).map_err(|error| ApiError::invalid_param(error.body_text()))
}

/// Which end of a list comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) enum Direction {
    #[default]
    #[serde(rename = "f")]
    Forwards,
    #[serde(rename = "b")]
    Backwards,
}

impl Direction {
    pub(crate) fn apply(self, ordering: Ordering) -> Ordering {
        match self {
            Self::Forwards => ordering,
            Self::Backwards => ordering.reverse(),
        }
    }
}

/// How much of a list is shown where nobody says.
pub(crate) fn default_limit() -> usize {
    100
}

/// A stretch of a list.
pub(crate) struct Stretch<T> {
    pub(crate) items: Vec<T>,
    pub(crate) total: usize,
    /// Where the next stretch begins, if there is one.
    pub(crate) next: Option<usize>,
}

/// Takes a stretch out of a list that is in order.
pub(crate) fn stretch<T>(sorted: Vec<T>, from: usize, limit: usize) -> Stretch<T> {
    let total = sorted.len();
    let items: Vec<T> = sorted.into_iter().skip(from).take(limit).collect();
    let next = from.saturating_add(items.len());
    Stretch { next: (next < total && !items.is_empty()).then_some(next), items, total }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_follow_each_other_to_the_end() {
        let check = |from: usize, limit: usize, items: &[u8], next: Option<usize>| {
            let cut = stretch(vec![1, 2, 3], from, limit);
            assert_eq!((cut.items.as_slice(), cut.total, cut.next), (items, 3, next), "{from} {limit}");
        };
        check(0, 2, &[1, 2], Some(2));
        check(2, 2, &[3], None);
        check(3, 2, &[], None);
        check(0, 0, &[], None);
        check(usize::MAX, usize::MAX, &[], None);
    }
}
