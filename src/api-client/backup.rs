//! Backups of room keys.

mod add_backup_keys;
mod add_backup_keys_for_room;
mod add_backup_keys_for_session;
mod create_backup_version;
mod delete_backup_keys;
mod delete_backup_keys_for_room;
mod delete_backup_keys_for_session;
mod delete_backup_version;
mod get_backup_info;
mod get_backup_keys;
mod get_backup_keys_for_room;
mod get_backup_keys_for_session;
mod get_latest_backup_info;
mod update_backup_version;

use kith_api_common::{
    ApiError, Router,
    json::{ReadRequest, read_body, read_path},
};
use kith_e2ee::BackupUpdate;
use ruma::{api::client::backup::RoomKeyBackup, api::error::DeserializationError};
use std::collections::BTreeMap;

use serde_json::value::RawValue;

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint(add_backup_keys::handler)
        .endpoint(add_backup_keys_for_room::handler)
        .endpoint(add_backup_keys_for_session::handler)
        .endpoint(create_backup_version::handler)
        .endpoint(delete_backup_keys::handler)
        .endpoint(delete_backup_keys_for_room::handler)
        .endpoint(delete_backup_keys_for_session::handler)
        .endpoint(delete_backup_version::handler)
        .endpoint(get_backup_info::handler)
        .endpoint(get_backup_keys::handler)
        .endpoint(get_backup_keys_for_room::handler)
        .endpoint(get_backup_keys_for_session::handler)
        .endpoint(get_latest_backup_info::handler)
        .endpoint(update_backup_version::handler)
}

/// What a client says about a backup: ruma's type leaves it unread.
pub(crate) struct Update {
    /// The version in the path, where there is one.
    version: String,
    update: BackupUpdate,
}

impl ReadRequest for Update {
    fn read(request: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let version = match arguments {
            [] => String::new(),
            arguments => read_path::<(String,)>(arguments)?.0,
        };
        Ok(Self { version, update: read_body(&request)? })
    }
}

/// The keys of one room, by session.
fn sessions(room: RoomKeyBackup) -> BTreeMap<String, Box<RawValue>> {
    room.sessions.into_iter().map(|(session_id, key)| (session_id, key.into_json())).collect()
}

fn no_such_key() -> ApiError {
    ApiError::not_found("There is no such key in the backup")
}
