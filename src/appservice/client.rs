//! Requests to application services.
//! <https://spec.matrix.org/v1.19/application-service-api/#homeserver---application-service-api>

use kith_base::{
    Outgoing,
    outgoing::{OutgoingAnswer, OutgoingError, OutgoingRequest},
};
use ruma::api::{Metadata, OutgoingRequest as RumaRequest, path_builder::SinglePath};
use serde::de::DeserializeOwned;

use crate::Service;

/// How many bytes of an answer are read at most.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// How long a service may take to answer a question, in milliseconds: somebody waits for it.
const QUESTION_TIMEOUT_MS: u64 = 10_000;
/// How long a service may take for a transaction, in milliseconds. Bridges deal with all of it before they answer.
const TRANSACTION_TIMEOUT_MS: u64 = 60_000;

/// The beginning of every path, and what older services have in its place.
const PATHS: &str = "/_matrix/app/v1/";
const LEGACY_PATHS: &str = "/";
const LEGACY_THIRD_PARTY_PATHS: &str = "/_matrix/app/unstable/";

/// Why a service gave no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum AskError {
    /// It could not be reached, or took too long.
    #[error(transparent)]
    Unreachable(#[from] OutgoingError),
    /// It was reached and did not do what was asked.
    #[error("it answers with status {status}")]
    Status {
        /// The status of the answer.
        status: u16,
    },
    /// What it answers makes no sense.
    #[error("its answer makes no sense: {0}")]
    BadAnswer(String),
    /// The question cannot be asked.
    #[error("it cannot be asked: {0}")]
    BadRequest(String),
}

/// A question to a service, which has no body.
pub(crate) trait Question: RumaRequest + Metadata<PathBuilder = SinglePath> + Send {}

impl<T: RumaRequest + Metadata<PathBuilder = SinglePath> + Send> Question for T {}

/// Sends requests to application services.
pub(crate) struct Client {
    outgoing: Outgoing,
    /// Whether services that know only older forms of requests are spoken to as well.
    legacy: bool,
}

impl Client {
    pub(crate) fn new(outgoing: Outgoing, legacy: bool) -> Self {
        Self { outgoing, legacy }
    }

    /// Puts a transaction before a service.
    pub(crate) async fn push(&self, service: &Service, id: u64, body: &str) -> Result<(), AskError> {
        let request = OutgoingRequest {
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.as_bytes().to_vec(),
            timeout_ms: Some(TRANSACTION_TIMEOUT_MS),
            ..OutgoingRequest::new(http::Method::PUT, format!("{}{PATHS}transactions/{id}", service.url))
        };
        self.exchange(service, request).await.map(|_| ())
    }

    /// Asks a service a question, and reads the answer.
    pub(crate) async fn ask<A: DeserializeOwned>(
        &self,
        service: &Service,
        question: impl Question,
    ) -> Result<A, AskError> {
        let answer = self.put_question(service, question).await?;
        serde_json::from_slice(&answer.body).map_err(|error| AskError::BadAnswer(error.to_string()))
    }

    /// Asks a service a question that is answered by the status alone.
    pub(crate) async fn put_question(
        &self,
        service: &Service,
        question: impl Question,
    ) -> Result<OutgoingAnswer, AskError> {
        let request = question
            .try_into_http_request_inner(&service.url, ())
            .map_err(|error| AskError::BadRequest(error.to_string()))?;
        let request = OutgoingRequest {
            timeout_ms: Some(QUESTION_TIMEOUT_MS),
            ..OutgoingRequest::new(request.method().clone(), request.uri().to_string())
        };
        self.exchange(service, request).await
    }

    async fn exchange(
        &self,
        service: &Service,
        mut request: OutgoingRequest,
    ) -> Result<OutgoingAnswer, AskError> {
        let token = service.registration.hs_token.reveal();
        request.headers.push(("authorization".to_owned(), format!("Bearer {token}")));
        request.response_bytes_max = Some(ANSWER_BYTES_MAX);
        if self.legacy {
            let separator = if request.url.contains('?') { '&' } else { '?' };
            request.url.push_str(&format!("{separator}access_token={}", encode(token)));
        }
        let older = self.legacy.then(|| older(&service.url, &request)).flatten();
        let mut answer = self.outgoing.send_to_trusted(request).await?;
        if let Some(older) = older
            && matches!(answer.status, 404 | 405)
        {
            answer = self.outgoing.send_to_trusted(older).await?;
        }
        match answer.status {
            200..300 => Ok(answer),
            status => Err(AskError::Status { status }),
        }
    }
}

/// The request at the path at which services from before version 1 of the API expect it.
fn older(url: &str, request: &OutgoingRequest) -> Option<OutgoingRequest> {
    let path = request.url.strip_prefix(url)?.strip_prefix(PATHS)?;
    let beginning = if path.starts_with("thirdparty/") { LEGACY_THIRD_PARTY_PATHS } else { LEGACY_PATHS };
    Some(OutgoingRequest { url: format!("{url}{beginning}{path}"), ..request.clone() })
}

/// A token as part of a query: what is no letter or digit is escaped.
fn encode(token: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    token.bytes().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_paths_take_the_place_of_newer_ones() {
        let older = |path: &str| {
            let request = OutgoingRequest::new(http::Method::GET, format!("http://as/sub{path}"));
            super::older("http://as/sub", &request).map(|request| request.url)
        };
        let check = |path: &str, expected: &str| assert_eq!(older(path).as_deref(), Some(expected));
        check("/_matrix/app/v1/transactions/3?access_token=x", "http://as/sub/transactions/3?access_token=x");
        check(
            "/_matrix/app/v1/thirdparty/user/irc",
            "http://as/sub/_matrix/app/unstable/thirdparty/user/irc",
        );
        assert_eq!(older("/_matrix/other"), None);
    }

    #[test]
    fn tokens_are_escaped() {
        assert_eq!(encode("a B&c"), "a%20B%26c");
    }
}
