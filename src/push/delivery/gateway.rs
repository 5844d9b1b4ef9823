//! One request to a push gateway, and what it answers.

use http::Method;
use kith_base::outgoing::OutgoingRequest;
use kith_store::Position;
use serde::Deserialize;

use super::PusherId;
use crate::Push;

/// How long a gateway may take to answer, in milliseconds.
const ANSWER_MS: u64 = 20_000;
/// How many bytes of its answer are read.
const ANSWER_BYTES_MAX: usize = 64 * 1_024;

/// A request that is ready to be sent.
pub(super) struct Letter {
    pub(super) url: String,
    pub(super) body: Vec<u8>,
    /// The position of the event that it tells; none if it only tells how much is unread.
    pub(super) about: Option<Position>,
    /// How much is unread.
    pub(super) unread: u64,
}

/// What became of a request.
pub(super) enum Outcome {
    /// The gateway has it.
    Taken,
    /// The device is not there any more.
    Rejected,
    /// The gateway was not reached, or does not take it now.
    Failed(String),
}

/// The answer, read leniently: many gateways leave the list out.
#[derive(Default, Deserialize)]
struct Answer {
    #[serde(default)]
    rejected: Vec<String>,
}

impl Push {
    pub(super) async fn notify_gateway(&self, id: &PusherId, letter: &Letter) -> Outcome {
        let request = OutgoingRequest {
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: letter.body.clone(),
            timeout_ms: Some(ANSWER_MS),
            response_bytes_max: Some(ANSWER_BYTES_MAX),
            ..OutgoingRequest::new(Method::POST, letter.url.as_str())
        };
        let answer = match self.outgoing.send(request).await {
            Ok(answer) => answer,
            Err(error) => return Outcome::Failed(error.to_string()),
        };
        if !(200..300).contains(&answer.status) {
            return Outcome::Failed(format!("it answered {}", answer.status));
        }
        let Answer { rejected } = serde_json::from_slice(&answer.body).unwrap_or_default();
        // What it says of other keys is not its business here.
        if rejected.contains(&id.key().2) { Outcome::Rejected } else { Outcome::Taken }
    }
}
