//! Who sent a request: the header, the gate, the key, the signature.
//! <https://spec.matrix.org/v1.19/server-server-api/#request-authentication>

use std::sync::Arc;

use http::Method;
use kith_event::json::JsonError;
use ruma::OwnedServerName;

use super::KeyRing;
use crate::x_matrix::{Signed, XMatrix, XMatrixError};

/// Why nobody is known to have sent a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The header is missing or malformed.
    #[error(transparent)]
    Header(#[from] XMatrixError),
    /// The request is meant for another server.
    #[error("the request is for {0}, not for this server")]
    Destination(OwnedServerName),
    /// There is no talking with the sender.
    #[error("{0}")]
    Denied(String),
    /// The body is not JSON.
    #[error("the body cannot have been signed: {0}")]
    Body(#[from] JsonError),
    /// The key is not one of the sender's, or they cannot be fetched.
    #[error("{0} is not known to sign with key {1} now")]
    Key(OwnedServerName, String),
    /// The signature is not the one of this request.
    #[error("wrong signature of {0}")]
    Signature(OwnedServerName),
}

impl KeyRing {
    pub(crate) async fn verify_request(
        self: &Arc<Self>,
        header: &XMatrix,
        method: &Method,
        uri: &str,
        body: &[u8],
    ) -> Result<OwnedServerName, RequestError> {
        let (origin, own_name) = (&header.origin, &self.asker.server_name);
        if let Some(destination) = &header.destination
            && destination != own_name
        {
            return Err(RequestError::Destination(destination.clone()));
        }
        self.asker.gate.check(origin).map_err(RequestError::Denied)?;
        let now_ms = self.asker.clock.now_ms();
        let keys = self.public_keys(&[(origin.clone(), vec![header.key_id.clone()], now_ms)]).await;
        let key = keys.get(origin).and_then(|keys| keys.get(&header.key_id));
        let key = key.filter(|key| key.valid_until_ts >= now_ms);
        let key = key.ok_or_else(|| RequestError::Key(origin.clone(), header.key_id.clone()))?.key;
        let request = Signed { origin, destination: own_name, method: method.as_str(), uri, body };
        if !header.is_of(&key, &request)? {
            return Err(RequestError::Signature(origin.clone()));
        }
        self.asker.backoff.heard_from(origin);
        Ok(origin.clone())
    }
}
