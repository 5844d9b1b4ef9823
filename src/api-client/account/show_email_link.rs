//! `GET /_matrix/client/unstable/email/submit_token` — the page that a link in a mail leads to. It asks whether one means
//! it: programs that look through mails open links too.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3registeremailrequesttoken>

use axum::response::Response;
use http::StatusCode;
use kith_accounts::{ThreepidError, ValidationPurpose};
use kith_api_common::{
    ApiError, Call, Limit,
    json::{Json, Own},
};
use minijinja::context;
use ruma::{
    api::{auth_scheme::NoAccessToken, error::ErrorKind},
    metadata,
};
use serde_json::Value;

use crate::pages::{Fields, page, refusal};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: true,
    authentication: NoAccessToken,
    path: "/_matrix/client/unstable/email/submit_token",
}

type Request = Own<Endpoint, Fields, Json<Value>>;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    call.limit_by_address(Limit::LoginPerAddress)?;
    let fields = request.request;
    let (session, token) = (fields.get("sid")?.to_owned(), fields.get("token")?.to_owned());
    let accounts = std::sync::Arc::clone(&call.app.accounts);
    let (sid, shown) = (session.clone(), token.clone());
    let validation = match call.app.tasks.blocking(move || accounts.look_at_validation(&sid, &shown)).await {
        Err(ThreepidError::UnknownSession) => return outdated(&fields),
        other => other?,
    };
    let (title, button) = match validation.purpose {
        ValidationPurpose::ResetPassword => ("Set a new password", "Yes, set a new password"),
        ValidationPurpose::Register | ValidationPurpose::AddAddress => ("Confirm your address", "Confirm"),
    };
    let text = match validation.purpose {
        ValidationPurpose::ResetPassword => {
            format!(
                "Do you want to set a new password for the account with the address {}?",
                validation.address
            )
        }
        ValidationPurpose::Register | ValidationPurpose::AddAddress => {
            format!("Is {} your address, and have you just asked for this?", validation.address)
        }
    };
    let fields = vec![vec!["sid".to_owned(), session], vec!["token".to_owned(), token]];
    page(StatusCode::OK, "confirm.html", context! { title, text, button, fields })
}

/// The page for links that lead nowhere.
pub(super) fn outdated(fields: &Fields) -> Result<Response, ApiError> {
    let text = "The link is too old, or it was used already. Go back to your app and ask for a new mail.";
    let error = ApiError::bad_request(ErrorKind::ThreepidAuthFailed, text);
    refusal(fields, "This link is no longer valid", error)
}
