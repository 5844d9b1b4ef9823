//! One signed request to another server and its answer, whatever is asked.
//! <https://spec.matrix.org/v1.19/server-server-api/#api-standards>

use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use kith_base::{
    Clock, Outgoing, Tasks,
    outgoing::{OutgoingAnswer, OutgoingError, OutgoingRequest, OutgoingStream},
};
use kith_config::Federation;
use kith_event::{SigningKey, json::nesting};
use ruma::{OwnedServerName, ServerName};
use serde::Deserialize;

use crate::{backoff::Backoff, discovery::finder::Finder, gate::Gate, x_matrix::Signed};

/// How deep an answer may nest.
pub(crate) const ANSWER_DEPTH_MAX: usize = 120;
/// How much is kept of what another server says went wrong, in bytes.
const ERROR_TEXT_BYTES_MAX: usize = 1_024;

/// Why another server did not give what it was asked for.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PeerError {
    /// There is no talking with this server.
    #[error("{0}")]
    Denied(String),
    /// The server did not answer lately and is left alone for now.
    #[error("the server did not answer lately and is asked again later")]
    Backoff {
        /// Until when, in unix milliseconds.
        retry_at_ms: u64,
    },
    /// The server cannot be reached, or did not answer in time.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// The server said no.
    #[error("the server answered {status} {}", .error.as_deref().or(.errcode.as_deref()).unwrap_or_default())]
    Answer {
        /// The HTTP status.
        status: u16,
        /// The `errcode`, if the answer has one.
        errcode: Option<String>,
        /// The message for humans, if the answer has one.
        error: Option<String>,
        /// The whole answer.
        body: Bytes,
    },
    /// The answer is not what was asked for.
    #[error("the server's answer makes no sense: {0}")]
    BadAnswer(String),
    /// The request could not be written.
    #[error("the request cannot be written: {0}")]
    BadRequest(String),
}

/// How long to wait for an answer, and whether to ask at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How long the request may take.
    pub time: Time,
    /// Ask even if the server did not answer lately.
    pub ignore_backoff: bool,
}

/// How long a request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// `federation.request_timeout_ms`, with an answer within `outgoing.response_bytes_max`.
    Usual,
    /// `federation.long_request_timeout_ms`, with an answer within `federation.long_response_bytes_max`.
    Long,
    /// This many milliseconds, with an answer within `outgoing.response_bytes_max`.
    Milliseconds(u64),
}

impl Patience {
    /// For most requests.
    pub const USUAL: Self = Self { time: Time::Usual, ignore_backoff: false };
    /// For what somebody waits for in front of a screen: asked even if the server was away a moment ago.
    pub const INTERACTIVE: Self = Self { time: Time::Usual, ignore_backoff: true };
    /// For what has the other server do a lot of work, on behalf of somebody who waits for it: joining a room.
    pub const LONG: Self = Self { time: Time::Long, ignore_backoff: true };

    /// For requests that are worth so many milliseconds.
    pub fn of_ms(timeout_ms: u64) -> Self {
        Self { time: Time::Milliseconds(timeout_ms), ignore_backoff: false }
    }
}

/// Asks other servers.
pub(crate) struct Asker {
    pub(crate) outgoing: Outgoing,
    pub(crate) finder: Arc<Finder>,
    pub(crate) backoff: Backoff,
    pub(crate) gate: Gate,
    pub(crate) server_name: OwnedServerName,
    pub(crate) signing_key: Arc<SigningKey>,
    pub(crate) clock: Clock,
    pub(crate) tasks: Tasks,
    pub(crate) config: Federation,
}

/// What is asked: the request without the server.
pub(crate) struct Question<'a> {
    pub(crate) method: Method,
    pub(crate) path_and_query: &'a str,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) patience: Patience,
    /// Whether the request carries a signature. Requests for keys do not: to check it would take the key.
    pub(crate) signed: bool,
}

impl Asker {
    /// Asks, and reads the answer; only one of 200 to 299 is one.
    pub(crate) async fn ask(
        &self,
        server: &ServerName,
        question: Question<'_>,
    ) -> Result<OutgoingAnswer, PeerError> {
        self.ask_within(server, question, ANSWER_DEPTH_MAX).await
    }

    /// The same, for an answer that may be nested so deep.
    pub(crate) async fn ask_within(
        &self,
        server: &ServerName,
        question: Question<'_>,
        depth_max: usize,
    ) -> Result<OutgoingAnswer, PeerError> {
        let request = self.prepare(server, question).await?;
        let started_ms = self.clock.now_ms();
        let outcome = self.outgoing.send(request).await;
        let status = outcome.as_ref().map(|answer| answer.status);
        self.note(server, started_ms, status).await;
        let answer = outcome.map_err(explain)?;
        if nesting(&answer.body) > depth_max {
            return Err(PeerError::BadAnswer(format!("nested deeper than {depth_max} levels")));
        }
        if (200..300).contains(&answer.status) { Ok(answer) } else { Err(refusal(answer)) }
    }

    /// Asks, and hands over an answer of any status, whose body is read as it arrives.
    pub(crate) async fn stream(
        &self,
        server: &ServerName,
        question: Question<'_>,
        response_bytes_max: usize,
    ) -> Result<OutgoingStream, PeerError> {
        let mut request = self.prepare(server, question).await?;
        request.response_bytes_max = Some(response_bytes_max);
        let started_ms = self.clock.now_ms();
        let outcome = self.outgoing.stream(request).await;
        self.note(server, started_ms, outcome.as_ref().map(said_of_media)).await;
        outcome.map_err(explain)
    }

    async fn prepare(
        &self,
        server: &ServerName,
        question: Question<'_>,
    ) -> Result<OutgoingRequest, PeerError> {
        let Question { method, path_and_query, body, patience, signed } = question;
        self.gate.check(server).map_err(PeerError::Denied)?;
        if let Some(retry_at_ms) = self.backoff.retry_at_ms(server)
            && !patience.ignore_backoff
        {
            return Err(PeerError::Backoff { retry_at_ms });
        }
        let route = self.finder.find(server).await;
        let url = format!("{}{path_and_query}", route.base_url);
        let mut headers: Vec<(String, String)> = Vec::with_capacity(3);
        if let Some(host) = &route.host_header {
            headers.push(("host".to_owned(), host.clone()));
        }
        let body = body.unwrap_or_default();
        if !body.is_empty() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        if signed {
            let signed = Signed {
                origin: &self.server_name,
                destination: server,
                method: method.as_str(),
                uri: path_and_query,
                body: &body,
            };
            let header = signed.sign(&self.signing_key);
            let header = header.map_err(|error| PeerError::BadRequest(error.to_string()))?;
            headers.push(("authorization".to_owned(), header));
        }
        let (timeout_ms, response_bytes_max) = match patience.time {
            Time::Usual => (self.config.request_timeout_ms, None),
            Time::Long => (self.config.long_request_timeout_ms, Some(self.config.long_response_bytes_max)),
            Time::Milliseconds(timeout_ms) => (timeout_ms, None),
        };
        Ok(OutgoingRequest {
            headers,
            body,
            connect_to: route.connect_to.clone(),
            timeout_ms: Some(timeout_ms),
            response_bytes_max,
            ..OutgoingRequest::new(method, url)
        })
    }

    /// Notes whether a server answers.
    async fn note(&self, server: &ServerName, started_ms: u64, status: Result<u16, &OutgoingError>) {
        if is_answer(status) {
            self.backoff.answered(server).await;
        } else {
            self.finder.doubt(server);
            self.backoff.failed(server, started_ms).await;
        }
        let outcome = match status {
            Ok(200..300) => "success",
            Ok(_) => "refusal",
            Err(_) => "failure",
        };
        metrics::counter!("kith_peer_requests_total", "outcome" => outcome).increment(1);
    }
}

/// Whether a server is there, even if it says no. What says that a gateway found nobody behind it comes from a proxy.
fn is_answer(status: Result<u16, &OutgoingError>) -> bool {
    match status {
        Ok(status) => !matches!(status, 502..=504 | 520..=530),
        Err(OutgoingError::TooLarge(_)) => true,
        Err(_) => false,
    }
}

/// The status of an answer about media. What is too large or not uploaded yet is refused by the server itself with 502
/// and 504, and then in JSON, which gateways do not speak.
fn said_of_media(answer: &OutgoingStream) -> u16 {
    let content_type = answer.headers.get(http::header::CONTENT_TYPE);
    let is_json = content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    if is_json { answer.status.min(499) } else { answer.status }
}

fn explain(error: OutgoingError) -> PeerError {
    match error {
        OutgoingError::Denied(_) => PeerError::Denied(error.to_string()),
        OutgoingError::TooLarge(_) => PeerError::BadAnswer(error.to_string()),
        OutgoingError::Url(_) | OutgoingError::Options(_) => PeerError::BadRequest(error.to_string()),
        OutgoingError::Timeout | OutgoingError::Connection(_) => PeerError::Unreachable(error.to_string()),
    }
}

fn refusal(answer: OutgoingAnswer) -> PeerError {
    #[derive(Default, Deserialize)]
    struct Refusal {
        errcode: Option<String>,
        error: Option<String>,
    }

    let text: Refusal = serde_json::from_slice(&answer.body).unwrap_or_default();
    let cut = |mut text: String| {
        text.truncate(text.floor_char_boundary(ERROR_TEXT_BYTES_MAX));
        text
    };
    PeerError::Answer {
        status: answer.status,
        errcode: text.errcode.map(cut),
        error: text.error.map(cut),
        body: answer.body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_an_answer_and_a_gateway_is_none() {
        let check = |status, expected| assert_eq!(is_answer(status), expected, "{status:?}");
        check(Ok(200), true);
        check(Ok(404), true);
        check(Ok(500), true);
        check(Ok(502), false);
        check(Ok(522), false);
        check(Err(&OutgoingError::TooLarge(1)), true);
        check(Err(&OutgoingError::Timeout), false);
        check(Err(&OutgoingError::Denied("10.0.0.1".to_owned())), false);
    }

    #[test]
    fn refusals_are_read_and_cut() {
        let refuse = |body: &str| {
            let body = Bytes::copy_from_slice(body.as_bytes());
            match refusal(OutgoingAnswer { status: 403, headers: http::HeaderMap::new(), body }) {
                PeerError::Answer { errcode, error, .. } => (errcode, error),
                other => panic!("{other:?}"),
            }
        };
        let code = Some("M_FORBIDDEN".to_owned());
        assert_eq!(refuse(r#"{"errcode":"M_FORBIDDEN","error":"no"}"#), (code, Some("no".to_owned())));
        assert_eq!(refuse("<html>"), (None, None));
        let (_, long) = refuse(&format!(r#"{{"error":"{}"}}"#, "é".repeat(ERROR_TEXT_BYTES_MAX)));
        assert_eq!(long.map(|text| text.len()), Some(ERROR_TEXT_BYTES_MAX));
    }
}
