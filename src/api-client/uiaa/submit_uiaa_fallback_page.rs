//! `POST /_matrix/client/v3/auth/{authType}/fallback/web` — what somebody has filled in on the page for a stage.
//! <https://spec.matrix.org/v1.19/client-server-api/#fallback>

use std::sync::Arc;

use axum::response::Response;
use http::StatusCode;
use kith_accounts::Stage;
use kith_api_common::{
    ApiError, Call, Limit,
    json::{Json, Own},
};
use kith_base::Mailer;
use minijinja::context;
use ruma::{ClientSecret, api::auth_scheme::NoAccessToken, metadata, uint};
use serde_json::Value;

use super::{done, stage, stage_page, unknown_session};
use crate::{
    mailing::{Wish, send_link},
    pages::{Fields, page, refusal},
    sso::follow,
};

/// What the services call the answer to their riddle.
const CAPTCHA_FIELDS: [&str; 3] = ["g-recaptcha-response", "h-captcha-response", "cf-turnstile-response"];

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: POST,
    rate_limited: true,
    authentication: NoAccessToken,
    history: {
        1.0 => "/_matrix/client/r0/auth/{auth_type}/fallback/web",
        1.1 => "/_matrix/client/v3/auth/{auth_type}/fallback/web",
    }
}

type Request = Own<Endpoint, Fields, Json<Value>>;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let fields = request.request;
    let stage = match stage(fields.get("path0")?) {
        Ok(stage) => stage,
        Err(error) => return refusal(&fields, "This cannot be done here", error),
    };
    let session = fields.get("session")?.to_owned();
    match stage {
        Stage::Sso => {
            call.limit_by_address(Limit::LoginPerAddress)?;
            follow(&call, &fields, call.app.sso.begin_confirmation(&session).await)
        }
        Stage::Email => confirm_email(&call, &fields, session).await,
        Stage::RegistrationToken => {
            call.limit_by_address(Limit::RegistrationToken)?;
            let (accounts, token) = (Arc::clone(&call.app.accounts), fields.get("token")?.to_owned());
            let id = session.clone();
            let noted = move || accounts.complete_registration_token(&id, &token);
            let noted = call.app.tasks.blocking(noted).await?;
            if noted { done(&call) } else { stage_page(&call, stage, &session, true) }
        }
        Stage::Captcha => {
            call.limit_by_address(Limit::Registration)?;
            let answer = CAPTCHA_FIELDS.iter().find_map(|name| fields.find(name)).unwrap_or_default();
            if !call.app.sso.verify_captcha(answer, call.address).await? {
                return stage_page(&call, stage, &session, true);
            }
            complete(&call, &fields, stage, session).await
        }
        Stage::Terms | Stage::Dummy | Stage::Password => complete(&call, &fields, stage, session).await,
    }
}

async fn complete(call: &Call, fields: &Fields, stage: Stage, session: String) -> Result<Response, ApiError> {
    let accounts = Arc::clone(&call.app.accounts);
    let noted = move || {
        let owner = accounts.find_uia_session_owner(&session)?;
        owner.map_or(Ok(false), |owner| accounts.complete_stage(&session, stage, owner))
    };
    match call.app.tasks.blocking(noted).await? {
        true => done(call),
        false => refusal(fields, "This cannot be done here", unknown_session()),
    }
}

/// Two steps: the address, to which a mail goes; and, once the link in it was opened, a button. The session of the one is
/// the secret of the other, so nothing has to be kept in between.
async fn confirm_email(call: &Call, fields: &Fields, session: String) -> Result<Response, ApiError> {
    let secret = <&ClientSecret>::try_from(session.as_str()).map_err(|_| unknown_session())?;
    let (accounts, id) = (Arc::clone(&call.app.accounts), session.clone());
    let Some(purpose) = call.app.tasks.blocking(move || accounts.find_uia_session_purpose(&id)).await? else {
        return refusal(fields, "This cannot be done here", unknown_session());
    };
    let Some(sid) = fields.find("sid") else {
        let address = fields.get("address")?;
        if !Mailer::is_address(address) {
            return stage_page(call, Stage::Email, &session, true);
        }
        let wish = Wish { purpose, address, client_secret: secret, send_attempt: uint!(1), next_link: None };
        return match send_link(call, wish).await {
            Ok(sid) => opened_yet(&session, sid.as_str()),
            Err(error) => refusal(fields, "This cannot be done here", error),
        };
    };
    let (accounts, id, validation) = (Arc::clone(&call.app.accounts), session.clone(), sid.to_owned());
    let noted = call.app.tasks.blocking(move || accounts.complete_email(&id, &validation, &id)).await?;
    if noted { done(call) } else { opened_yet(&session, sid) }
}

fn opened_yet(session: &str, sid: &str) -> Result<Response, ApiError> {
    let fields = vec![vec!["session".to_owned(), session.to_owned()], vec!["sid".to_owned(), sid.to_owned()]];
    let text = "A mail is on its way. Open the link in it, then go on here.";
    let values = context! { title => "Look at your mails", text, button => "I have opened the link", fields };
    page(StatusCode::OK, "confirm.html", values)
}
