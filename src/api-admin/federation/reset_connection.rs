//! `POST /_synapse/admin/v1/federation/destinations/{destination}/reset_connection` — has a server asked at once that did not answer lately.
//! <https://element-hq.github.io/synapse/latest/usage/administration/admin_api/federation.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{
    OwnedServerName,
    api::{auth_scheme::AccessToken, error::ErrorKind},
    metadata,
};
use serde_json::{Value, json};

use super::get_destination;
use crate::listing::Asked;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: POST,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/federation/destinations/{destination}/reset_connection",
}

type Request = Own<Endpoint, Asked<(OwnedServerName,)>, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let (name,) = request.request.path;
    let destination = get_destination(call, &name)?;
    if !call.app.peers.forgive(&destination.name) {
        let message = "The retry timing does not need to be reset for this destination.";
        return Err(ApiError::bad_request(ErrorKind::Unknown, message));
    }
    Ok(Json::ok(json!({})))
}
