//! `POST /_synapse/admin/v1/register` — makes an account for whoever knows the shared secret.
//! <https://element-hq.github.io/synapse/latest/admin_api/register_api.html>

use kith_accounts::{Registered, SharedSecretRegistration};
use kith_api_common::{
    ApiError, Call, Limit,
    json::{Json, Own, ReadRequest, read_body},
};
use ruma::{
    api::{auth_scheme::NoAccessToken, error::DeserializationError},
    metadata,
};
use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: POST,
    rate_limited: true,
    authentication: NoAccessToken,
    path: "/_synapse/admin/v1/register",
}

#[derive(Deserialize)]
pub(crate) struct Wish {
    nonce: String,
    username: String,
    password: String,
    mac: String,
    #[serde(default)]
    admin: bool,
    displayname: Option<String>,
    user_type: Option<String>,
    #[serde(default)]
    inhibit_login: bool,
}

impl ReadRequest for Wish {
    fn read(request: http::Request<&[u8]>, _: &[&str]) -> Result<Self, DeserializationError> {
        read_body(&request)
    }
}

type Request = Own<Endpoint, Wish, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.limit(Limit::Registration)?;
    let wish = request.request;
    let registered = call.app.accounts.register_with_shared_secret(&SharedSecretRegistration {
        nonce: &wish.nonce,
        username: &wish.username,
        password: &wish.password,
        display_name: wish.displayname.as_deref(),
        admin: wish.admin,
        user_type: wish.user_type.as_deref(),
        mac: &wish.mac,
        inhibit_login: wish.inhibit_login,
    })?;
    Ok(Json::ok(body(registered)))
}

fn body(registered: Registered) -> Value {
    let mut body = json!({ "user_id": registered.user_id, "home_server": registered.user_id.server_name() });
    if let Some(session) = registered.session {
        body["access_token"] = session.access_token.reveal().into();
        body["device_id"] = json!(session.device_id);
    }
    body
}
