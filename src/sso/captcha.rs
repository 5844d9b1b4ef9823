//! Asking whether somebody has solved a riddle that programs cannot: reCAPTCHA, and what answers like it.
//! <https://spec.matrix.org/v1.19/client-server-api/#google-recaptcha>

use std::net::IpAddr;

use kith_base::outgoing::{OutgoingError, OutgoingRequest};
use serde::Deserialize;

use crate::{Sso, oidc::ANSWER_BYTES_MAX};

/// How long an answer may be, in bytes.
const RESPONSE_BYTES_MAX: usize = 8 * 1024;

/// Why nobody knows.
#[derive(Debug, thiserror::Error)]
pub enum CaptchaError {
    /// No riddle is asked here.
    #[error("no riddle is asked here")]
    Off,
    /// The service that asks them cannot be reached.
    #[error("the captcha service cannot be reached: {0}")]
    Unreachable(#[from] OutgoingError),
    /// It does not answer as it should.
    #[error("the captcha service does not answer as it should")]
    Malformed,
}

#[derive(Deserialize)]
struct Verdict {
    success: bool,
}

impl Sso {
    /// Whether the riddle was solved.
    pub async fn verify_captcha(&self, response: &str, address: IpAddr) -> Result<bool, CaptchaError> {
        let captcha = &self.config.captcha;
        let secret = captcha.secret.as_ref().ok_or(CaptchaError::Off)?;
        if response.is_empty() || response.len() > RESPONSE_BYTES_MAX {
            return Ok(false);
        }
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("secret", secret.reveal())
            .append_pair("response", response)
            .append_pair("remoteip", &address.to_string());
        let mut request = OutgoingRequest::new(http::Method::POST, &captcha.verify_url);
        let kind = "application/x-www-form-urlencoded".to_owned();
        request.headers.push(("content-type".to_owned(), kind));
        request.body = form.finish().into_bytes();
        request.response_bytes_max = Some(ANSWER_BYTES_MAX);
        let answer = self.outgoing.send_to_trusted(request).await?;
        let verdict: Verdict = serde_json::from_slice(&answer.body).map_err(|_| CaptchaError::Malformed)?;
        Ok(verdict.success)
    }
}
