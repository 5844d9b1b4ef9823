//! Files, as administrators see them.

mod delete_media;
mod delete_old_media;
mod get_media;
mod list_room_media;
mod protect_media;
mod purge_media_cache;
mod quarantine_media;
mod quarantine_room_media;
mod unprotect_media;
mod unquarantine_media;

use std::collections::BTreeSet;

use kith_api_common::{
    ApiError, Call, Router,
    json::{ReadRequest, read_path},
};
use kith_media::{Listed, blobs};
use ruma::{
    OwnedMxcUri, OwnedServerName, RoomId,
    api::error::{DeserializationError, ErrorKind},
};
use serde_json::{Value, json};

/// Times before are taken for seconds: December 1970 in milliseconds.
const BEFORE_MS_MIN: u64 = 30_000_000_000;

pub(crate) fn routes(router: Router) -> Router {
    // Tools of old ask under these.
    let of_server = "/_synapse/admin/v1/media/{server_name}/delete";
    let of_room = "/_synapse/admin/v1/quarantine_media/{room_id}";
    router
        .endpoint(delete_media::handler)
        .endpoint(delete_old_media::handler)
        .endpoint_at(&[of_server], delete_old_media::handler)
        .endpoint(get_media::handler)
        .endpoint(list_room_media::handler)
        .endpoint(protect_media::handler)
        .endpoint(purge_media_cache::handler)
        .endpoint(quarantine_media::handler)
        .endpoint(quarantine_room_media::handler)
        .endpoint_at(&[of_room], quarantine_room_media::handler)
        .endpoint(unprotect_media::handler)
        .endpoint(unquarantine_media::handler)
}

/// A request that consists of a file's server and media id in its path.
pub(crate) struct OfFile {
    server_name: OwnedServerName,
    media_id: String,
}

impl ReadRequest for OfFile {
    fn read(_: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let (server_name, media_id) = read_path(arguments)?;
        Ok(Self { server_name, media_id })
    }
}

/// A request that consists of the media id of a file of this server in its path.
pub(crate) struct OfOwnFile {
    media_id: String,
}

impl ReadRequest for OfOwnFile {
    fn read(_: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let (media_id,) = read_path(arguments)?;
        Ok(Self { media_id })
    }
}

/// A time in milliseconds, or a refusal where it looks like one in seconds.
fn before_ms(before_ts: Option<u64>) -> Result<u64, ApiError> {
    let before_ms =
        before_ts.ok_or_else(|| ApiError::bad_request(ErrorKind::MissingParam, "before_ts is missing"))?;
    if before_ms < BEFORE_MS_MIN {
        return Err(ApiError::invalid_param("before_ts is a time in 1970; it is counted in milliseconds"));
    }
    Ok(before_ms)
}

/// A file of a user of this server.
pub(crate) fn shown(listed: &Listed) -> Value {
    let record = &listed.record;
    json!({
        "media_id": listed.media_id,
        "media_type": record.content_type,
        "media_length": record.size_bytes,
        "upload_name": record.file_name,
        "created_ts": record.created_ms,
        "last_access_ts": listed.last_access_ms,
        "quarantined_by": listed.quarantined_by,
        "safe_from_quarantine": record.protected,
        "user_id": listed.owner,
        "url_cache": null,
        "authenticated": true,
        "sha256": blobs::name(&record.sha256),
    })
}

/// The files that events of a room speak of.
fn files_of(call: &Call, room_id: &RoomId) -> Result<BTreeSet<OwnedMxcUri>, ApiError> {
    call.app.rooms.files_of(room_id)?.ok_or_else(|| ApiError::not_found("Room not found"))
}
