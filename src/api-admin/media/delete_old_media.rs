//! `POST /_synapse/admin/v1/media/delete` — deletes large and old files of this server's users.
//! <https://element-hq.github.io/synapse/latest/admin_api/media_admin_api.html>

use std::collections::HashSet;

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{
    OwnedMxcUri,
    api::{auth_scheme::AccessToken, error::ErrorKind},
    metadata,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::before_ms;
use crate::listing::{Asked, parameters};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: POST,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/media/delete",
}

#[derive(Deserialize)]
struct Wanted {
    before_ts: Option<u64>,
    #[serde(default)]
    size_gt: u64,
    /// Leaves the pictures of users and rooms alone.
    #[serde(default = "yes")]
    keep_profiles: bool,
}

fn yes() -> bool {
    true
}

/// The older path names the server.
type Request = Own<Endpoint, Asked<Vec<String>>, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.admin()?;
    let own = call.app.accounts.server_name();
    if request.request.path.first().is_some_and(|server| server != own.as_str()) {
        return Err(ApiError::bad_request(ErrorKind::Unknown, "Can only delete local media"));
    }
    let wanted: Wanted = parameters(&request.request.uri)?;
    let kept = if wanted.keep_profiles { pictures(call)? } else { HashSet::new() };
    let gone = call.app.media.delete_old(before_ms(wanted.before_ts)?, wanted.size_gt, &kept)?;
    Ok(Json::ok(json!({ "total": gone.len(), "deleted_media": gone })))
}

/// The media ids of this server's files that are a user's or a room's picture.
fn pictures(call: &Call) -> Result<HashSet<String>, ApiError> {
    let mut pictures = call.app.rooms.pictures()?;
    pictures.extend(call.app.accounts.pictures()?);
    let own = call.app.accounts.server_name();
    let own_id = |uri: &OwnedMxcUri| {
        let (server, media_id) = uri.parts().ok()?;
        (server == own).then(|| media_id.to_owned())
    };
    Ok(pictures.iter().filter_map(own_id).collect())
}
