//! `GET /_matrix/federation/v1/query/{queryType}` — any other question: this server answers none.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1queryquerytype>

use http::StatusCode;
use kith_api_common::{ApiError, PeerCall};
use ruma::api::federation::query::get_custom_information::v1::{Request, Response};

pub(crate) fn handler(_: &PeerCall, _: Request) -> Result<Response, ApiError> {
    Err(ApiError::unrecognized(StatusCode::NOT_FOUND))
}
