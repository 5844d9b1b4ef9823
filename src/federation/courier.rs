//! Carrying one transaction to another server: the one place where sending waits for the network.
//! <https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv1sendtxnid>

use futures_util::future::BoxFuture;
use http::Method;
use kith_peers::{PeerError, Peers};
use ruma::{OwnedServerName, ServerName};
use tokio::sync::broadcast;

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// The server has it.
    Acknowledged,
    /// The server was reached and will never take this, or it cannot even be sent.
    Refused(String),
    /// The server could not be reached, or could not take it now.
    Failed {
        /// When it may be tried again, in unix milliseconds, if that is known.
        retry_at_ms: Option<u64>,
        /// Why, for the operator.
        reason: String,
    },
}

/// Who carries transactions: [`Peers`], or whoever stands in for them in a test.
pub(crate) trait Courier: Send + Sync {
    /// Carries a transaction, a JSON object, and says what became of it.
    fn carry<'a>(
        &'a self,
        server: &'a ServerName,
        transaction_id: &'a str,
        body: String,
    ) -> BoxFuture<'a, Delivery>;

    /// Hears of servers that were away and may be tried again before their time.
    fn returns(&self) -> broadcast::Receiver<OwnedServerName>;
}

impl Courier for Peers {
    fn carry<'a>(
        &'a self,
        server: &'a ServerName,
        transaction_id: &'a str,
        body: String,
    ) -> BoxFuture<'a, Delivery> {
        Box::pin(async move {
            // The ids are made here, of characters that mean nothing in a path.
            let path = format!("/_matrix/federation/v1/send/{transaction_id}");
            match self.exchange(server, Method::PUT, &path, Some(body.into_bytes())).await {
                Ok(_) => Delivery::Acknowledged,
                Err(error) => judge(&error, self.retry_at_ms(server)),
            }
        })
    }

    fn returns(&self) -> broadcast::Receiver<OwnedServerName> {
        Peers::returns(self)
    }
}

/// What a failure means for the transaction. What is wrong with its content will be wrong the next time too; everything
/// else may pass.
fn judge(error: &PeerError, retry_at_ms: Option<u64>) -> Delivery {
    let reason = error.to_string();
    match error {
        PeerError::Answer { status: 400 | 413 | 422, .. } | PeerError::BadRequest(_) => {
            Delivery::Refused(reason)
        }
        PeerError::Backoff { retry_at_ms } => Delivery::Failed { retry_at_ms: Some(*retry_at_ms), reason },
        PeerError::Denied(_)
        | PeerError::Unreachable(_)
        | PeerError::Answer { .. }
        | PeerError::BadAnswer(_) => Delivery::Failed { retry_at_ms, reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_wrong_with_the_content_is_a_refusal() {
        let answer =
            |status| PeerError::Answer { status, errcode: None, error: None, body: Vec::new().into() };
        let failed = |error: PeerError| matches!(judge(&error, Some(7)), Delivery::Failed { .. });
        for status in [401, 403, 404, 429, 500, 502, 503] {
            assert!(failed(answer(status)), "{status}");
        }
        for status in [400, 413] {
            assert!(matches!(judge(&answer(status), None), Delivery::Refused(_)), "{status}");
        }
        assert!(matches!(judge(&PeerError::BadRequest("float".to_owned()), None), Delivery::Refused(_)));
        let backoff = judge(&PeerError::Backoff { retry_at_ms: 9 }, None);
        assert!(matches!(backoff, Delivery::Failed { retry_at_ms: Some(9), .. }));
        let unreachable = judge(&PeerError::Unreachable("gone".to_owned()), Some(7));
        assert!(matches!(unreachable, Delivery::Failed { retry_at_ms: Some(7), .. }));
    }
}
