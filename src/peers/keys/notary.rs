//! This server as a notary: what it knows of other servers' keys, with its own signature beside theirs.
//!
//! Whoever asks need not be known, so what one question can cause is bounded: so many servers, so many fetches at once,
//! and none of a server that was tried a moment ago.
//! <https://spec.matrix.org/v1.19/server-server-api/#querying-keys-through-another-server>

use std::{collections::BTreeMap, sync::Arc};

use futures_util::{StreamExt, stream};
use kith_event::json::{Strictness, Value, parse_object};
use kith_store::tables::peers::KeyDocumentRecord;
use ruma::OwnedServerName;
use serde_json::value::RawValue;

use super::{KeyRing, own::to_raw};

/// How many servers' keys one request may ask for.
pub const NOTARY_SERVERS_MAX: usize = 100;
/// How many servers are asked at once for one request.
const FETCHES_AT_ONCE_MAX: usize = 16;
/// How long a document that does not satisfy is given out nevertheless before its server is asked again, in
/// milliseconds.
const FETCH_AGAIN_MS: u64 = 60_000;

/// What is asked of a notary about one server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotaryCriteria {
    /// The ids of the keys wanted; none in particular if empty.
    pub key_ids: Vec<String>,
    /// Until when they have to be valid at least, in unix milliseconds; now if it is not said.
    pub valid_until_ms: Option<u64>,
}

impl KeyRing {
    pub(crate) async fn notarise(
        self: &Arc<Self>,
        wanted: BTreeMap<OwnedServerName, NotaryCriteria>,
    ) -> Vec<Box<RawValue>> {
        stream::iter(wanted.into_iter().take(NOTARY_SERVERS_MAX))
            .map(|(server, criteria)| self.notarise_one(server, criteria))
            .buffered(FETCHES_AT_ONCE_MAX)
            .filter_map(|document| async { document })
            .collect()
            .await
    }

    async fn notarise_one(
        self: &Arc<Self>,
        server: OwnedServerName,
        criteria: NotaryCriteria,
    ) -> Option<Box<RawValue>> {
        if server == self.asker.server_name {
            return Some(self.own_document());
        }
        self.asker.gate.check(&server).ok()?;
        let now_ms = self.asker.clock.now_ms();
        let mut document = self.shelf.document(&server).await;
        if !document.as_ref().is_some_and(|document| satisfies(document, &criteria, now_ms))
            && !self.was_asked_lately(&server, document.as_ref(), now_ms)
        {
            self.fetch_directly(server.clone()).await;
            document = self.shelf.document(&server).await;
            if document.is_none() {
                self.tried.insert(server.clone(), now_ms);
            }
        }
        let mut object = parse_object(&document?.json, Strictness::Lax).ok()?;
        self.own.sign(&mut object);
        Some(to_raw(&object))
    }

    fn was_asked_lately(
        &self,
        server: &OwnedServerName,
        document: Option<&KeyDocumentRecord>,
        now_ms: u64,
    ) -> bool {
        let asked_ms = document.map(|document| document.fetched_ms).or_else(|| self.tried.get(server));
        asked_ms.is_some_and(|asked_ms| now_ms < asked_ms.saturating_add(FETCH_AGAIN_MS))
    }
}

/// Whether a document is valid long enough and holds every key asked for.
fn satisfies(document: &KeyDocumentRecord, criteria: &NotaryCriteria, now_ms: u64) -> bool {
    if document.valid_until_ms < criteria.valid_until_ms.unwrap_or(now_ms) {
        return false;
    }
    let Ok(object) = parse_object(&document.json, Strictness::Lax) else { return false };
    criteria.key_ids.iter().all(|key_id| {
        ["verify_keys", "old_verify_keys"].iter().any(|name| {
            object.get(*name).and_then(Value::as_object).is_some_and(|keys| keys.contains_key(key_id))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_satisfy_by_time_and_content() {
        let json = r#"{"old_verify_keys":{"ed25519:0":{}},"verify_keys":{"ed25519:1":{}}}"#.to_owned();
        let document = KeyDocumentRecord { json, fetched_ms: 0, valid_until_ms: 100 };
        let check = |key_ids: &[&str], valid_until_ms, expected| {
            let key_ids = key_ids.iter().map(|key_id| (*key_id).to_owned()).collect();
            let criteria = NotaryCriteria { key_ids, valid_until_ms };
            assert_eq!(satisfies(&document, &criteria, 50), expected, "{criteria:?}");
        };
        check(&[], None, true);
        check(&["ed25519:1"], None, true);
        check(&["ed25519:0", "ed25519:1"], Some(100), true);
        check(&["ed25519:1"], Some(101), false);
        check(&["ed25519:2"], None, false);
        assert!(!satisfies(&document, &NotaryCriteria::default(), 101));
    }
}
