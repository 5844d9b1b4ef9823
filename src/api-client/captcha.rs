//! Asking the provider of captchas whether one was solved.
//! <https://spec.matrix.org/v1.19/client-server-api/#google-recaptcha>

use kith_api_common::{ApiError, Call};
use kith_base::outgoing::OutgoingRequest;
use ruma::api::client::uiaa::AuthData;
use serde::Deserialize;

/// Where it is asked if the operator does not say.
const VERIFY_URL: &str = "https://www.google.com/recaptcha/api/siteverify";
/// How long it may take, in milliseconds, and how much it may say, in bytes.
const TIMEOUT_MS: u64 = 10_000;
const ANSWER_BYTES_MAX: usize = 16 * 1_024;

#[derive(Deserialize)]
struct Verdict {
    success: bool,
}

/// Whether what came with a request is a captcha that was solved.
pub(crate) async fn is_solved(call: &Call, auth: Option<&AuthData>) -> Result<bool, ApiError> {
    let registration = &call.app.config.registration;
    let (Some(AuthData::ReCaptcha(proof)), Some(secret)) = (auth, &registration.captcha_secret_key) else {
        return Ok(false);
    };
    let url = registration.captcha_verify_url.as_deref().unwrap_or(VERIFY_URL);
    let mut request = OutgoingRequest::new(http::Method::POST, url);
    request.headers = vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
    request.body = form_urlencoded::Serializer::new(String::new())
        .append_pair("secret", secret.reveal())
        .append_pair("response", &proof.response)
        .finish()
        .into_bytes();
    request.timeout_ms = Some(TIMEOUT_MS);
    request.response_bytes_max = Some(ANSWER_BYTES_MAX);
    let answer = call.app.outgoing.send_to_trusted(request).await;
    let answer =
        answer.map_err(|error| ApiError::internal(&format!("captchas cannot be checked: {error}")))?;
    let verdict: Verdict = serde_json::from_slice(&answer.body).map_err(|error| {
        ApiError::internal(&format!("the answer about a captcha makes no sense: {error}"))
    })?;
    Ok(verdict.success)
}
