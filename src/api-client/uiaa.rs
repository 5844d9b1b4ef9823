//! Stages of user-interactive authentication that clients do not know how to go through: pages.

mod get_uiaa_fallback_page;
mod submit_uiaa_fallback_page;

use axum::response::Response;
use http::StatusCode;
use kith_accounts::{Stage, UiaSession};
use kith_api_common::{ApiError, Call, Router};
use minijinja::context;
use ruma::api::error::ErrorKind;

use crate::pages::{page, page_with_script};

const NONCE_CHARACTERS: usize = 24;
/// What people are told of an operation, by the beginning of what it is called.
const OPERATIONS: [(&str, &str); 6] = [
    ("delete_devices", "log out one of your devices"),
    ("account/3pid", "add an address to your account"),
    ("account/password", "set a new password"),
    ("account/deactivate", "close your account for good"),
    ("login/get_token", "log in another device"),
    ("keys/device_signing", "replace the keys that your devices are verified by"),
];

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint_raw(get_uiaa_fallback_page::handler).endpoint_raw(submit_uiaa_fallback_page::handler)
}

/// The page that tells the client that it may go on.
pub(crate) fn done(call: &Call) -> Result<Response, ApiError> {
    let nonce = call.app.random.alphanumeric(NONCE_CHARACTERS);
    page_with_script(StatusCode::OK, "auth_done.html", context! { nonce => nonce.as_str() }, &nonce)
}

/// The stage that the path names, if there is a page for it. A password is never typed into one, and a captcha needs
/// scripts of its provider, which no page of this server runs.
fn stage(word: &str) -> Result<Stage, ApiError> {
    let with_page = [Stage::Dummy, Stage::Terms, Stage::RegistrationToken, Stage::Email, Stage::Sso];
    with_page.into_iter().find(|stage| stage.as_str() == word).ok_or_else(no_page)
}

/// The page for a stage; `wrong` says that the last try failed.
fn stage_page(
    call: &Call,
    stage: Stage,
    session: (&str, &UiaSession),
    wrong: bool,
) -> Result<Response, ApiError> {
    let (session, found) = session;
    let registration = &call.app.config.registration;
    let fields = || vec![vec!["session".to_owned(), session.to_owned()]];
    let (name, values) = match stage {
        Stage::Terms => {
            let url = registration.terms_url.as_deref().unwrap_or_default();
            let name = registration.terms_name.as_deref().unwrap_or("Terms of service");
            ("terms.html", context! { session, url, name })
        }
        Stage::RegistrationToken => {
            let wrong = wrong.then_some("This token is not valid.");
            let title = "Do you have a registration token?";
            ("ask.html", context! { session, wrong, title, label => "Token", name => "token" })
        }
        Stage::Email => {
            let wrong = wrong.then_some("No mail can be sent to this address.");
            let title = "What is your email address?";
            ("ask.html", context! { session, wrong, title, label => "Address", name => "address" })
        }
        Stage::Sso => {
            let known = OPERATIONS.iter().find(|(start, _)| found.operation.starts_with(start));
            let operation = known.map_or("do something that only you may do", |(_, words)| *words);
            let text =
                format!("An app wants to {operation}. Go on only if you have just asked for that yourself.");
            let button = "Log in to confirm";
            ("confirm.html", context! { title => "Is it you?", text, button, fields => fields() })
        }
        Stage::Dummy => {
            let text = "Nothing more is needed.";
            ("confirm.html", context! { title => "Go on", text, button => "Continue", fields => fields() })
        }
        Stage::Password | Stage::Captcha => return Err(no_page()),
    };
    page(StatusCode::OK, name, values)
}

fn no_page() -> ApiError {
    ApiError::not_found("There is no page for this kind of authentication")
}

fn unknown_session() -> ApiError {
    ApiError::bad_request(ErrorKind::Unknown, "This session is unknown or has ended; begin again in your app")
}
