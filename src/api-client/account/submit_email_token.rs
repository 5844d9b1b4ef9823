//! `POST /_matrix/client/unstable/email/submit_token` — confirms an address with the token from a mail: the form of the
//! page behind the link, or a program that sends JSON as to an identity server.
//! <https://spec.matrix.org/v1.19/identity-service-api/#post_matrixidentityv2validateemailsubmittoken>

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use kith_accounts::{ThreepidError, ValidationPurpose};
use kith_api_common::{
    ApiError, Call, Limit,
    json::{Json, Own},
};
use minijinja::context;
use ruma::{api::auth_scheme::NoAccessToken, metadata};
use serde_json::{Value, json};

use super::show_email_link::outdated;
use crate::pages::{Fields, page};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: POST,
    rate_limited: true,
    authentication: NoAccessToken,
    path: "/_matrix/client/unstable/email/submit_token",
}

type Request = Own<Endpoint, Fields, Json<Value>>;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    call.limit_by_address(Limit::LoginPerAddress)?;
    let fields = request.request;
    let (session, token) = (fields.get("sid")?.to_owned(), fields.get("token")?.to_owned());
    let client_secret = fields.find("client_secret").map(str::to_owned);
    let accounts = Arc::clone(&call.app.accounts);
    let confirm = move || accounts.confirm_validation(&session, &token, client_secret.as_deref());
    let confirmed = call.app.tasks.blocking(confirm).await;
    if fields.is_json() {
        let success = json!({ "success": confirmed.map(|_| true)? }).to_string();
        return Ok(([(header::CONTENT_TYPE, "application/json")], success).into_response());
    }
    let validation = match confirmed {
        Err(ThreepidError::UnknownSession) => return outdated(&fields),
        other => other?,
    };
    let text = match validation.purpose {
        ValidationPurpose::ResetPassword => "Go back to your app and choose the new password.",
        ValidationPurpose::Register | ValidationPurpose::AddAddress => "Go back to your app to go on.",
    };
    let next_link = validation.next_link;
    page(StatusCode::OK, "message.html", context! { title => "Your address is confirmed", text, next_link })
}
