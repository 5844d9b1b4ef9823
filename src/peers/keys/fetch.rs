//! Fetching keys: from the servers themselves, and from notaries those of servers that do not answer.
//!
//! A few servers are asked themselves first. Where many are wanted at once, as after joining a large room, the
//! notaries are asked first: one request there saves hundreds, many of which would go to servers that are long gone.
//! <https://spec.matrix.org/v1.19/server-server-api/#querying-keys-through-another-server>

use std::{collections::BTreeMap, sync::Arc};

use futures_util::{FutureExt, StreamExt, stream};
use http::Method;
use kith_event::verify::PublicKey;
use ruma::{OwnedServerName, ServerName};
use serde::Deserialize;
use serde_json::{json, value::RawValue};

use super::{
    KeyRing, check_object,
    document::{self, KeyDocument},
    shelf::Source,
    to_public,
};
use crate::{
    PeerError,
    asker::{Patience, Question},
};

/// How many servers are asked for their keys at once.
const FETCHES_AT_ONCE_MAX: usize = 32;
/// From how many servers on the notaries are asked first.
const NOTARY_FIRST_MIN: usize = 12;
/// How many servers one request to a notary asks for.
const NOTARY_BATCH_MAX: usize = 100;
/// How long a request for keys may take, in milliseconds.
const FETCH_TIMEOUT_MS: u64 = 10_000;
/// How long a server that did not give the keys wanted is not asked for any again, in milliseconds.
const TRY_AGAIN_MS: u64 = 10_000;

/// Servers, and which of their keys are wanted with the time at which they have to be valid.
type Lacking = BTreeMap<OwnedServerName, BTreeMap<String, u64>>;

impl KeyRing {
    /// Fetches keys, as far as they can be had.
    pub(super) async fn fetch_lacking(self: &Arc<Self>, mut lacking: Lacking) {
        let now_ms = self.asker.clock.now_ms();
        lacking.retain(|server, _| {
            let lately = |tried_ms: u64| now_ms < tried_ms.saturating_add(TRY_AGAIN_MS);
            self.asker.gate.check(server).is_ok() && !self.tried.get(server).is_some_and(lately)
        });
        let notary_first = lacking.len() >= NOTARY_FIRST_MIN;
        if notary_first {
            self.ask_notaries(&mut lacking).await;
        }
        self.ask_themselves(&mut lacking).await;
        if !notary_first {
            self.ask_notaries(&mut lacking).await;
        }
        for server in lacking.into_keys() {
            tracing::debug!(%server, "the keys of a server cannot be had");
            self.tried.insert(server, now_ms);
        }
    }

    /// Fetches the newest document of a server from that server; whoever wants it meanwhile waits for the same fetch.
    pub(super) async fn fetch_directly(self: &Arc<Self>, server: OwnedServerName) {
        let ring = Arc::clone(self);
        let start = {
            let server = server.clone();
            move || {
                async move {
                    match ring.fetch_document(&server).await {
                        Ok(document) => ring.shelf.keep(document, Source::Itself).await,
                        Err(error) => tracing::debug!(%server, %error, "a server does not give its keys"),
                    }
                }
                .boxed()
            }
        };
        self.flights.join(server, start).await;
    }

    async fn fetch_document(&self, server: &ServerName) -> Result<KeyDocument, PeerError> {
        let question = Question {
            method: Method::GET,
            path_and_query: "/_matrix/key/v2/server",
            body: None,
            patience: Patience::of_ms(FETCH_TIMEOUT_MS),
            signed: false,
        };
        let answer = self.asker.ask(server, question).await?;
        let text = std::str::from_utf8(&answer.body).map_err(bad)?;
        let document = document::read(text, self.asker.clock.now_ms()).map_err(bad)?;
        if document.server != server {
            return Err(PeerError::BadAnswer(format!("the keys are those of {}", document.server)));
        }
        Ok(document)
    }

    /// Asks servers themselves, and leaves in `lacking` what they did not give.
    async fn ask_themselves(self: &Arc<Self>, lacking: &mut Lacking) {
        let servers: Vec<OwnedServerName> = lacking.keys().cloned().collect();
        stream::iter(servers)
            .for_each_concurrent(FETCHES_AT_ONCE_MAX, |server| self.fetch_directly(server))
            .await;
        self.strike_out(lacking).await;
    }

    /// Asks the notaries one after the other, and leaves in `lacking` what none of them gave.
    async fn ask_notaries(self: &Arc<Self>, lacking: &mut Lacking) {
        for notary in &self.asker.config.trusted_key_servers {
            if lacking.is_empty() {
                return;
            }
            let Ok(notary) = ServerName::parse(notary) else { continue };
            if self.asker.gate.check(&notary).is_err() {
                continue;
            }
            if let Err(error) = self.ask_notary(&notary, lacking).await {
                tracing::debug!(%notary, %error, "a notary does not answer");
            }
            self.strike_out(lacking).await;
        }
    }

    async fn ask_notary(self: &Arc<Self>, notary: &ServerName, lacking: &Lacking) -> Result<(), PeerError> {
        #[derive(Deserialize)]
        struct Answer {
            server_keys: Vec<Box<RawValue>>,
        }

        let wanted: Vec<_> = lacking.iter().filter(|(server, _)| *server != notary).collect();
        for batch in wanted.chunks(NOTARY_BATCH_MAX) {
            let criteria = |keys: &BTreeMap<String, u64>| -> BTreeMap<String, serde_json::Value> {
                let criterion = |at_ms: &u64| json!({ "minimum_valid_until_ts": at_ms });
                keys.iter().map(|(key_id, at_ms)| (key_id.clone(), criterion(at_ms))).collect()
            };
            let batch: BTreeMap<&str, _> =
                batch.iter().map(|(server, keys)| (server.as_str(), criteria(keys))).collect();
            let question = Question {
                method: Method::POST,
                path_and_query: "/_matrix/key/v2/query",
                body: Some(json!({ "server_keys": batch }).to_string().into_bytes()),
                patience: Patience::of_ms(FETCH_TIMEOUT_MS),
                signed: false,
            };
            let answer = self.asker.ask(notary, question).await?;
            let answer: Answer = serde_json::from_slice(&answer.body).map_err(bad)?;
            let own = self.notary_keys(notary).await;
            for document in answer.server_keys {
                self.keep_notarised(notary, &own, document.get()).await;
            }
        }
        Ok(())
    }

    /// The keys that a notary signs with now.
    async fn notary_keys(self: &Arc<Self>, notary: &ServerName) -> BTreeMap<String, PublicKey> {
        let now_ms = self.asker.clock.now_ms();
        let servers = [notary.to_owned()];
        let are_fresh = |keys: &document::Keys| {
            keys.values().any(|key| !key.retired && key.valid_until_ms >= now_ms)
        };
        let mut keys = self.shelf.find(&servers).await.remove(notary);
        if !keys.as_ref().is_some_and(|keys| are_fresh(keys)) {
            self.fetch_directly(notary.to_owned()).await;
            keys = self.shelf.find(&servers).await.remove(notary);
        }
        keys.map(|keys| to_public(&keys)).unwrap_or_default()
    }

    /// Keeps a document that a notary gave, if it and the server have signed it.
    async fn keep_notarised(&self, notary: &ServerName, keys: &BTreeMap<String, PublicKey>, text: &str) {
        let now_ms = self.asker.clock.now_ms();
        match document::read(text, now_ms) {
            Ok(document) => match check_object(&document.object, notary, Some(keys), now_ms) {
                Ok(()) => self.shelf.keep(document, Source::Notary).await,
                Err(error) => tracing::debug!(%notary, %error, "a notary's answer is not its own"),
            },
            Err(error) => tracing::debug!(%notary, %error, "a notary's answer is no key document"),
        }
    }

    /// Strikes out what is known by now.
    async fn strike_out(&self, lacking: &mut Lacking) {
        let servers: Vec<OwnedServerName> = lacking.keys().cloned().collect();
        let known = self.shelf.find(&servers).await;
        lacking.retain(|server, wanted| {
            let keys = known.get(server);
            let is_valid = |(key_id, at_ms): (&String, &u64)| {
                keys.and_then(|keys| keys.get(key_id)).is_some_and(|key| key.valid_until_ms >= *at_ms)
            };
            !wanted.iter().all(is_valid)
        });
    }
}

fn bad(error: impl std::fmt::Display) -> PeerError {
    PeerError::BadAnswer(error.to_string())
}
