//! `GET /_matrix/client/v3/keys/changes` — whose devices changed between two syncs.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3keyschanges>

use kith_api_common::{ApiError, Call};
use ruma::api::client::keys::get_key_changes::v3::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let changes = call.app.sync.key_changes(call.requester()?, &request.from, &request.to)?;
    Ok(Response { changed: changes.changed, left: changes.left })
}
