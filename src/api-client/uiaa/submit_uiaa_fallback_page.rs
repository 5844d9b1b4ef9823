//! `POST /_matrix/client/v3/auth/{authType}/fallback/web` — what somebody has filled in on the page for a stage.
//! <https://spec.matrix.org/v1.19/client-server-api/#fallback>

use std::sync::Arc;

use axum::response::Response;
use http::StatusCode;
use kith_accounts::{Stage, UiaSession};
use kith_api_common::{
    ApiError, Call, Limit,
    json::{Json, Own},
};
use kith_base::Mailer;
use minijinja::context;
use ruma::{ClientSecret, api::auth_scheme::NoAccessToken, metadata, uint};
use serde_json::Value;

use super::{done, no_page, stage, stage_page, unknown_session};
use crate::{
    mailing::{Wish, send_link},
    pages::{Fields, page, refusal},
    sso::follow,
};

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
    let (accounts, id) = (Arc::clone(&call.app.accounts), session.clone());
    let Some(found) = call.app.tasks.blocking(move || accounts.uia_session(&id)).await? else {
        return refusal(&fields, "This cannot be done here", unknown_session());
    };
    match stage {
        Stage::Sso => {
            call.limit_by_address(Limit::LoginPerAddress)?;
            follow(&call, &fields, call.app.sso.begin_confirmation(&session).await)
        }
        Stage::Email => confirm_email(&call, &fields, (&session, &found)).await,
        Stage::RegistrationToken => {
            call.limit_by_address(Limit::RegistrationToken)?;
            let token = fields.get("token")?.to_owned();
            let (accounts, id) = (Arc::clone(&call.app.accounts), session.clone());
            let noted = move || accounts.complete_registration_token(&id, &token);
            match call.app.tasks.blocking(noted).await? {
                true => done(&call),
                false => stage_page(&call, stage, (&session, &found), true),
            }
        }
        Stage::Terms | Stage::Dummy => {
            let (accounts, owner) = (Arc::clone(&call.app.accounts), found.user);
            let noted = move || accounts.complete_stage(&session, stage, owner);
            match call.app.tasks.blocking(noted).await? {
                true => done(&call),
                false => refusal(&fields, "This cannot be done here", unknown_session()),
            }
        }
        Stage::Password | Stage::Captcha => Err(no_page()),
    }
}

/// Two steps: the address, to which a mail goes; and, once the link in it was opened, a button. The session of the one is
/// the secret of the other, so nothing has to be kept in between.
async fn confirm_email(
    call: &Call,
    fields: &Fields,
    session: (&str, &UiaSession),
) -> Result<Response, ApiError> {
    let (id, found) = session;
    let secret = <&ClientSecret>::try_from(id).map_err(|_| unknown_session())?;
    let Some(sid) = fields.find("sid") else {
        let address = fields.get("address")?;
        if !Mailer::is_address(address) {
            return stage_page(call, Stage::Email, session, true);
        }
        let wish = Wish {
            purpose: found.purpose,
            address,
            client_secret: secret,
            send_attempt: uint!(1),
            next_link: None,
        };
        return match send_link(call, wish).await {
            Ok(sid) => opened_yet(id, sid.as_str()),
            Err(error) => refusal(fields, "This cannot be done here", error),
        };
    };
    let accounts = Arc::clone(&call.app.accounts);
    let (session, validation) = (id.to_owned(), sid.to_owned());
    let noted = move || accounts.complete_email(&session, &validation, &session);
    match call.app.tasks.blocking(noted).await? {
        true => done(call),
        false => opened_yet(id, sid),
    }
}

fn opened_yet(session: &str, sid: &str) -> Result<Response, ApiError> {
    let fields = vec![vec!["session".to_owned(), session.to_owned()], vec!["sid".to_owned(), sid.to_owned()]];
    let text = "A mail is on its way. Open the link in it, then go on here.";
    let values = context! { title => "Look at your mails", text, button => "I have opened the link", fields };
    page(StatusCode::OK, "confirm.html", values)
}
