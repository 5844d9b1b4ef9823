//! `POST /_synapse/admin/v1/user/{userId}/media/quarantine` — withdraws the files of a user of this server.
//! <https://element-hq.github.io/synapse/latest/admin_api/media_admin_api.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde_json::{Value, json};

use super::{OfUser, get_account};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: POST,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/user/{user_id}/media/quarantine",
}

type Request = Own<Endpoint, OfUser, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let account = get_account(call, &request.request.user_id)?;
    let admin = call.admin()?.user;
    let server_name = call.app.accounts.server_name();
    let listed = call.app.media.list_of(account.user)?;
    let files: Vec<_> = listed.iter().map(|file| (server_name, file.media_id.as_str())).collect();
    let count = call.app.media.quarantine(&files, Some(admin))?;
    Ok(Json::ok(json!({ "num_quarantined": count })))
}
