//! What servers learn of each other: their version and their keys.

mod get_remote_server_keys;
mod get_remote_server_keys_batch;
mod get_server_keys;
mod get_server_version;

use kith_api_common::{ApiError, Call, Router};
use ruma::{api::federation::discovery::ServerSigningKeys, serde::Raw};
use serde_json::value::RawValue;

/// Older servers name the key they look for in the path; which keys they are given does not depend on it.
const KEY_PATHS: [&str; 2] = ["/_matrix/key/v2/server", "/_matrix/key/v2/server/{key_id}"];
const QUERY_PATHS: [&str; 2] =
    ["/_matrix/key/v2/query/{server_name}", "/_matrix/key/v2/query/{server_name}/{key_id}"];

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint(get_server_version::handler)
        .endpoint_at(&KEY_PATHS, get_server_keys::handler)
        .endpoint_async_at(&QUERY_PATHS, get_remote_server_keys::handler)
        .endpoint_async(get_remote_server_keys_batch::handler)
}

/// Keys are for servers: without federation there are none to tell.
fn need_federation(call: &Call) -> Result<(), ApiError> {
    if call.app.peers.is_enabled() {
        Ok(())
    } else {
        Err(ApiError::forbidden("Federation is disabled on this server"))
    }
}

fn documents(documents: Vec<Box<RawValue>>) -> Vec<Raw<ServerSigningKeys>> {
    documents.into_iter().map(Raw::from_json).collect()
}
