//! Stages of user-interactive authentication that clients do not know how to go through: pages.

mod get_uiaa_fallback_page;
mod submit_uiaa_fallback_page;

use axum::response::Response;
use http::StatusCode;
use kith_accounts::Stage;
use kith_api_common::{ApiError, Call, Router};
use minijinja::context;
use ruma::api::error::ErrorKind;

use crate::pages::{page, page_with_script};

const NONCE_CHARACTERS: usize = 24;

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint_raw(get_uiaa_fallback_page::handler).endpoint_raw(submit_uiaa_fallback_page::handler)
}

/// The page that tells the client that it may go on.
pub(crate) fn done(call: &Call) -> Result<Response, ApiError> {
    let nonce = call.app.random.alphanumeric(NONCE_CHARACTERS);
    page_with_script(StatusCode::OK, "auth_done.html", context! { nonce => nonce.as_str() }, &nonce, "")
}

/// The stage that the path names, if there is a page for it.
fn stage(word: &str) -> Result<Stage, ApiError> {
    let with_page =
        [Stage::Dummy, Stage::Terms, Stage::Captcha, Stage::RegistrationToken, Stage::Email, Stage::Sso];
    let found = with_page.into_iter().find(|stage| stage.as_str() == word);
    found.ok_or_else(|| ApiError::not_found("There is no page for this kind of authentication"))
}

/// The page for a stage; `wrong` says that the last try failed.
fn stage_page(call: &Call, stage: Stage, session: &str, wrong: bool) -> Result<Response, ApiError> {
    let config = &call.app.config;
    let fields = || vec![vec!["session".to_owned(), session.to_owned()]];
    match stage {
        Stage::Captcha => {
            let captcha = &config.captcha;
            let nonce = call.app.random.alphanumeric(NONCE_CHARACTERS);
            let values = context! {
                session, wrong, nonce => nonce.as_str(), script_url => captcha.script_url.as_str(),
                class => captcha.class.as_str(), site_key => captcha.site_key.as_deref().unwrap_or_default(),
            };
            page_with_script(StatusCode::OK, "captcha.html", values, &nonce, "https:")
        }
        Stage::Terms => {
            let registration = &config.registration;
            let values = context! {
                session, url => registration.terms_url.as_deref().unwrap_or_default(),
                name => registration.terms_name.as_deref().unwrap_or("Terms of service"),
            };
            page(StatusCode::OK, "terms.html", values)
        }
        Stage::RegistrationToken => {
            let wrong = wrong.then_some("This token is not valid.");
            let values = context! {
                session, wrong, title => "Do you have a registration token?", label => "Token", name => "token",
            };
            page(StatusCode::OK, "ask.html", values)
        }
        Stage::Email => {
            let wrong = wrong.then_some("No mail can be sent to this address.");
            let values = context! {
                session, wrong, title => "What is your email address?", label => "Address", name => "address",
            };
            page(StatusCode::OK, "ask.html", values)
        }
        Stage::Sso => {
            let text = "A client wants to do something with your account that only you may do. \
                        Go on only if you have just asked for it.";
            let values =
                context! { title => "Is it you?", text, button => "Log in to confirm", fields => fields() };
            page(StatusCode::OK, "confirm.html", values)
        }
        Stage::Dummy | Stage::Password => {
            let values = context! {
                title => "Go on", text => "Nothing more is needed.", button => "Continue", fields => fields(),
            };
            page(StatusCode::OK, "confirm.html", values)
        }
    }
}

fn unknown_session() -> ApiError {
    ApiError::bad_request(ErrorKind::Unknown, "This session is unknown or has ended; begin again in your app")
}
