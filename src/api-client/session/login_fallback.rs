//! `GET /_matrix/static/client/login/` — a page to log in with, for clients that do not know a way of their own.
//! <https://spec.matrix.org/v1.19/client-server-api/#login-fallback>

use axum::response::Response;
use http::StatusCode;
use kith_api_common::{
    ApiError, Call,
    json::{Empty, Json, Own},
};
use minijinja::context;
use ruma::{api::auth_scheme::NoAccessToken, metadata};
use serde_json::Value;

use crate::pages::page_with_script;

const NONCE_CHARACTERS: usize = 24;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: NoAccessToken,
    path: "/_matrix/static/client/login/",
}

type Request = Own<Endpoint, Empty, Json<Value>>;

pub(crate) async fn handler(call: Call, _: Request) -> Result<Response, ApiError> {
    let nonce = call.app.random.alphanumeric(NONCE_CHARACTERS);
    let app_name = call.app.config.email.app_name.as_str();
    let values = context! { app_name, nonce => nonce.as_str() };
    page_with_script(StatusCode::OK, "login.html", values, &nonce, "")
}
