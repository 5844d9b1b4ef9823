//! `POST /_synapse/admin/v1/deactivate/{userId}` — closes an account for good.
//! <https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html>

use std::sync::Arc;

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{OwnedUserId, api::auth_scheme::AccessToken, metadata};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{get_account, leave_rooms};
use crate::listing::Told;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: POST,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/deactivate/{user_id}",
}

#[derive(Deserialize)]
pub(crate) struct Wish {
    /// What the user wrote is shown to nobody new.
    #[serde(default)]
    erase: bool,
}

type Request = Own<Endpoint, Told<(OwnedUserId,), Wish>, Json<Value>>;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Json<Value>, ApiError> {
    let app = Arc::clone(&call.app);
    let Told { path: (user_id,), body } = request.request;
    let close = move || {
        let account = get_account(&call, &user_id)?;
        Ok::<_, ApiError>(call.app.accounts.deactivate(account.user, body.erase)?)
    };
    let closed = app.tasks.blocking(close).await?;
    leave_rooms(&app, closed.user).await?;
    // No address of a user here is bound to an identity server by this server.
    Ok(Json::ok(json!({ "id_server_unbind_result": "success" })))
}
