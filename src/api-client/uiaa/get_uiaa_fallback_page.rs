//! `GET /_matrix/client/v3/auth/{authType}/fallback/web` — the page for a stage that a client does not know.
//! <https://spec.matrix.org/v1.19/client-server-api/#fallback>

use std::sync::Arc;

use axum::response::Response;
use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::api::client::uiaa::get_uiaa_fallback_page::v3;
use serde_json::Value;

use super::{stage, stage_page, unknown_session};
use crate::pages::{Fields, refusal};

type Request = Own<v3::Request, Fields, Json<Value>>;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let fields = request.request;
    let stage = match stage(fields.get("path0")?) {
        Ok(stage) => stage,
        Err(error) => return refusal(&fields, "This cannot be done here", error),
    };
    let session = fields.get("session")?;
    let (accounts, id) = (Arc::clone(&call.app.accounts), session.to_owned());
    match call.app.tasks.blocking(move || accounts.uia_session(&id)).await? {
        Some(found) => stage_page(&call, stage, (session, &found), false),
        None => refusal(&fields, "This cannot be done here", unknown_session()),
    }
}
