//! `GET /_synapse/admin/v1/users/{userId}/media` — the files of a user of this server.
//! <https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde_json::{Value, json};

use super::media::{OfFiles, files};
use crate::media::shown;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/users/{user_id}/media",
}

type Request = Own<Endpoint, OfFiles, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let stretch = files(call, &request.request)?;
    let media: Vec<Value> = stretch.items.iter().map(shown).collect();
    let mut body = json!({ "media": media, "total": stretch.total });
    if let Some(next) = stretch.next {
        body["next_token"] = json!(next);
    }
    Ok(Json::ok(body))
}
