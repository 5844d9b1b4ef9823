//! `DELETE /_synapse/admin/v1/users/{userId}/media` — deletes files of a user of this server.
//! <https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde_json::{Value, json};

use super::media::{OfFiles, files};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: DELETE,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/users/{user_id}/media",
}

type Request = Own<Endpoint, OfFiles, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let stretch = files(call, &request.request)?;
    let media_ids: Vec<String> = stretch.items.into_iter().map(|file| file.media_id).collect();
    let gone = call.app.media.delete(&media_ids)?;
    Ok(Json::ok(json!({ "total": gone.len(), "deleted_media": gone })))
}
