//! What a service publishes about itself: where its endpoints are, and with which keys it signs. Kept for a while.
//! <https://openid.net/specs/openid-connect-discovery-1_0.html>

use std::sync::Arc;

use http::Method;
use kith_base::outgoing::OutgoingRequest;
use parking_lot::Mutex;
use serde::Deserialize;

use super::{OidcError, ask};
use crate::{
    Sso,
    jwt::{Key, KeySet, Token},
};

/// How long a document is good, in milliseconds.
const LIFETIME_MS: u64 = 60 * 60 * 1000;
/// How soon keys are fetched again because a token names one that is not among them, in milliseconds.
const KEYS_AGAIN_MS: u64 = 30 * 1000;

/// Where a service's endpoints are.
#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    pub(super) issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) userinfo_endpoint: Option<String>,
    jwks_uri: String,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

impl Metadata {
    /// Whether the service takes a secret in a header, as it does unless it says otherwise.
    pub(super) fn takes_basic(&self) -> bool {
        let methods = self.token_endpoint_auth_methods_supported.as_ref();
        methods.is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"))
    }
}

/// A service's documents.
pub(super) struct Documents {
    issuer: String,
    metadata: Mutex<Option<Kept<Metadata>>>,
    keys: Mutex<Option<Kept<KeySet>>>,
}

struct Kept<T> {
    document: Arc<T>,
    fetched_ms: u64,
}

impl Documents {
    pub(super) fn new(issuer: &str) -> Self {
        Self { issuer: issuer.to_owned(), metadata: Mutex::new(None), keys: Mutex::new(None) }
    }

    /// Where the endpoints are.
    pub(super) async fn metadata(&self, sso: &Sso) -> Result<Arc<Metadata>, OidcError> {
        if let Some(kept) = fresh(&self.metadata, sso.clock.now_ms(), LIFETIME_MS) {
            return Ok(kept);
        }
        let url = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let answer = ask(sso, OutgoingRequest::new(Method::GET, url)).await?;
        let metadata: Metadata =
            serde_json::from_slice(&answer).map_err(|_| OidcError::Malformed("configuration"))?;
        // A document that speaks for somebody else would have their tokens accepted.
        if metadata.issuer.trim_end_matches('/') != self.issuer.trim_end_matches('/') {
            return Err(OidcError::Mismatch("issuer"));
        }
        Ok(keep(&self.metadata, metadata, sso.clock.now_ms()))
    }

    /// The key that a token says it is signed with.
    pub(super) async fn key_of(&self, sso: &Sso, token: &Token<'_>) -> Result<Key, OidcError> {
        let known = fresh(&self.keys, sso.clock.now_ms(), LIFETIME_MS);
        if let Some(key) = known.and_then(|keys| keys.find(token)) {
            return Ok(key);
        }
        // Services change their keys now and then; whoever makes up names of keys does not have them asked all the time.
        let keys = match fresh(&self.keys, sso.clock.now_ms(), KEYS_AGAIN_MS) {
            Some(keys) => keys,
            None => self.fetch_keys(sso).await?,
        };
        keys.find(token).ok_or(OidcError::UnknownKey)
    }

    async fn fetch_keys(&self, sso: &Sso) -> Result<Arc<KeySet>, OidcError> {
        let metadata = self.metadata(sso).await?;
        let answer = ask(sso, OutgoingRequest::new(Method::GET, metadata.jwks_uri.as_str())).await?;
        let keys: KeySet = serde_json::from_slice(&answer).map_err(|_| OidcError::Malformed("keys"))?;
        Ok(keep(&self.keys, keys, sso.clock.now_ms()))
    }
}

fn fresh<T>(kept: &Mutex<Option<Kept<T>>>, now_ms: u64, lifetime_ms: u64) -> Option<Arc<T>> {
    let kept = kept.lock();
    let kept = kept.as_ref().filter(|kept| now_ms.saturating_sub(kept.fetched_ms) < lifetime_ms)?;
    Some(Arc::clone(&kept.document))
}

fn keep<T>(kept: &Mutex<Option<Kept<T>>>, document: T, now_ms: u64) -> Arc<T> {
    let document = Arc::new(document);
    *kept.lock() = Some(Kept { document: Arc::clone(&document), fetched_ms: now_ms });
    document
}
