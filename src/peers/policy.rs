//! Asking a policy server to sign an event before it is sent.
//! <https://spec.matrix.org/v1.19/server-server-api/#policy-servers>

use http::Method;
use ruma::ServerName;
use serde_json::value::RawValue;

use crate::{Patience, PeerError, Peers, asker::Question};

const PATH: &str = "/_matrix/policy/v1/sign";
/// Where policy servers are asked that are older than version 1.18 of the specification.
const OLD_PATH: &str = "/_matrix/policy/unstable/org.matrix.msc4284/sign";

/// Why a policy server gave no signature.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PolicyError {
    /// It does not want the event in the room.
    #[error("the room's policy server refuses the event{}", .0.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default())]
    Refused(Option<String>),
    /// It could not be asked.
    #[error("the room's policy server cannot be asked: {0}")]
    Unavailable(PeerError),
}

impl Peers {
    /// Asks a policy server to sign an event, given as JSON text. The signatures have the shape of an event's
    /// `signatures`, and are not checked here.
    pub async fn ask_policy_server(
        &self,
        server: &ServerName,
        event: &str,
        patience: Patience,
    ) -> Result<Box<RawValue>, PolicyError> {
        let outcome = match self.ask_at(server, PATH, event, patience).await {
            Err(PeerError::Answer { status: 404 | 405, .. }) => {
                self.ask_at(server, OLD_PATH, event, patience).await
            }
            outcome => outcome,
        };
        outcome.map_err(judge)
    }

    async fn ask_at(
        &self,
        server: &ServerName,
        path_and_query: &str,
        event: &str,
        patience: Patience,
    ) -> Result<Box<RawValue>, PeerError> {
        let body = Some(event.as_bytes().to_vec());
        let question = Question { method: Method::POST, path_and_query, body, patience, signed: true };
        let answer = self.asker.ask(server, question).await?;
        serde_json::from_slice(&answer.body).map_err(|error| PeerError::BadAnswer(error.to_string()))
    }
}

/// A refusal is one that says so; everything else is a failure.
fn judge(error: PeerError) -> PolicyError {
    match error {
        PeerError::Answer { errcode: Some(code), error, .. } if code == "M_FORBIDDEN" => {
            PolicyError::Refused(error)
        }
        other => PolicyError::Unavailable(other),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn only_a_clear_no_is_a_refusal() {
        let answer = |status, errcode: &str| PeerError::Answer {
            status,
            errcode: Some(errcode.to_owned()),
            error: None,
            body: Bytes::new(),
        };
        assert!(matches!(judge(answer(400, "M_FORBIDDEN")), PolicyError::Refused(_)));
        assert!(matches!(judge(answer(429, "M_LIMIT_EXCEEDED")), PolicyError::Unavailable(_)));
        assert!(matches!(judge(PeerError::Unreachable(String::new())), PolicyError::Unavailable(_)));
    }
}
