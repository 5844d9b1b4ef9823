//! Public keys: which are known, which have to be fetched, and what can be verified with them.
//!
//! What a server published is read in `keys/document.rs`, kept by `keys/shelf.rs`, fetched by `keys/fetch.rs`. Our own
//! document is in `keys/own.rs`, what we say of others' keys in `keys/notary.rs`, and who sent a request is found
//! out in `keys/request.rs`.
//! <https://spec.matrix.org/v1.19/server-server-api/#retrieving-server-keys>

mod document;
mod fetch;
mod notary;
mod own;
mod request;
mod shelf;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use futures_util::future;
use kith_event::{
    Pdu, VerifiedPdu,
    json::{Object, Strictness, parse_object},
    verify::{self, PublicKey, PublicKeys, VerifyError},
};
use kith_store::Store;
use quick_cache::sync::Cache;
use ruma::{OwnedServerName, ServerName};

pub use notary::{NOTARY_SERVERS_MAX, NotaryCriteria};
pub use request::RequestError;

use crate::{asker::Asker, flights::Flights, signing_key::OtherKeys};
use document::Keys;
use own::OwnDocument;
use shelf::Shelf;

/// How many events one job on the blocking pool verifies at least.
const VERIFIED_AT_ONCE_MIN: usize = 8;
/// How many servers whose keys could not be fetched are remembered.
const TRIED_MAX: usize = 20_000;

/// Keys that are wanted: whose, which (any of them will do), and at what time they have to be valid, in unix
/// milliseconds; 0 where validity does not matter.
pub type WantedKeys = (OwnedServerName, Vec<String>, u64);

/// The key ring.
pub(crate) struct KeyRing {
    asker: Arc<Asker>,
    shelf: Shelf,
    own: OwnDocument,
    /// Fetches under way.
    flights: Flights<OwnedServerName, ()>,
    /// When servers were last asked for keys that they did not give, in unix milliseconds.
    tried: Cache<OwnedServerName, u64>,
}

impl KeyRing {
    pub(crate) fn new(asker: Arc<Asker>, store: Arc<Store>, other_keys: Arc<OtherKeys>) -> Arc<Self> {
        Arc::new(Self {
            shelf: Shelf::new(store, asker.tasks.clone()),
            own: OwnDocument::new(&asker.server_name, Arc::clone(&asker.signing_key), other_keys),
            flights: Flights::default(),
            tried: Cache::new(TRIED_MAX),
            asker,
        })
    }

    pub(crate) async fn public_keys(self: &Arc<Self>, wanted: &[WantedKeys]) -> PublicKeys {
        let own_name = &self.asker.server_name;
        let servers: BTreeSet<&OwnedServerName> = wanted.iter().map(|(server, ..)| server).collect();
        let servers: Vec<OwnedServerName> =
            servers.into_iter().filter(|server| *server != own_name).cloned().collect();
        let known = self.shelf.find(&servers).await;
        let lacking = lacking(wanted, own_name, &known);
        let known = if lacking.is_empty() {
            known
        } else {
            self.fetch_lacking(lacking).await;
            self.shelf.find(&servers).await
        };
        let mut keys: PublicKeys =
            known.iter().map(|(server, keys)| (server.clone(), to_public(keys))).collect();
        keys.insert(own_name.clone(), self.own.public_keys());
        keys
    }

    pub(crate) async fn verify_pdus(
        self: &Arc<Self>,
        pdus: Vec<Pdu>,
    ) -> Vec<Result<VerifiedPdu, VerifyError>> {
        let tasks = &self.asker.tasks;
        let (pdus, wanted) = tasks
            .blocking(move || {
                let wanted = wanted_of(&pdus);
                (pdus, wanted)
            })
            .await;
        let keys = Arc::new(self.public_keys(&wanted).await);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let at_once = pdus.len().div_ceil(cores).max(VERIFIED_AT_ONCE_MIN);
        let jobs = pdus.chunks(at_once).map(|some| {
            let (some, keys) = (some.to_vec(), Arc::clone(&keys));
            tasks.blocking(move || {
                some.iter().map(|pdu| verify::verify(pdu, &keys)).collect::<Vec<_>>()
            })
        });
        future::join_all(jobs).await.into_iter().flatten().collect()
    }

    pub(crate) async fn verify_json(
        self: &Arc<Self>,
        signer: &ServerName,
        object: &str,
        at_ms: u64,
    ) -> Result<(), VerifyError> {
        let malformed = |error: kith_event::json::JsonError| VerifyError::Signer(error.to_string());
        let object = parse_object(object, Strictness::Lax).map_err(malformed)?;
        let key_ids = document::signatures(&object, signer).map(|(key_id, _)| key_id.to_owned()).collect();
        let keys = self.public_keys(&[(signer.to_owned(), key_ids, at_ms)]).await;
        check_object(&object, signer, keys.get(signer), at_ms)
    }
}

/// The servers of whose keys more has to be known: those of which no wanted key is known to be valid at its time.
fn lacking(
    wanted: &[WantedKeys],
    own_name: &ServerName,
    known: &BTreeMap<OwnedServerName, Arc<Keys>>,
) -> BTreeMap<OwnedServerName, BTreeMap<String, u64>> {
    let mut lacking: BTreeMap<OwnedServerName, BTreeMap<String, u64>> = BTreeMap::new();
    for (server, key_ids, at_ms) in wanted.iter().filter(|(server, ..)| server != own_name) {
        let keys = known.get(server);
        let is_valid = |key_id: &String| {
            keys.and_then(|keys| keys.get(key_id)).is_some_and(|key| key.valid_until_ms >= *at_ms)
        };
        if key_ids.iter().any(is_valid) {
            continue;
        }
        let times = lacking.entry(server.clone()).or_default();
        for key_id in key_ids {
            let time = times.entry(key_id.clone()).or_default();
            *time = (*time).max(*at_ms);
        }
    }
    lacking
}

/// The keys that the signatures of events call for.
fn wanted_of(pdus: &[Pdu]) -> Vec<WantedKeys> {
    let mut wanted = BTreeSet::new();
    for pdu in pdus {
        let at_ms = if pdu.room_version().enforces_key_validity() { pdu.origin_server_ts() } else { 0 };
        // What cannot say who has to sign fails when it is verified.
        for required in verify::required_signatures(pdu).unwrap_or_default() {
            if !required.key_ids.is_empty() {
                wanted.insert((required.server, required.key_ids, at_ms));
            }
        }
    }
    wanted.into_iter().collect()
}

fn to_public(keys: &Keys) -> BTreeMap<String, PublicKey> {
    let to_public =
        |key: &kith_store::tables::peers::PeerKeyRecord| PublicKey { key: key.key, valid_until_ts: key.valid_until_ms };
    keys.iter().map(|(key_id, key)| (key_id.clone(), to_public(key))).collect()
}

/// Whether a server has signed an object: every signature whose key is known must be right, and there must be one.
fn check_object(
    object: &Object,
    signer: &ServerName,
    keys: Option<&BTreeMap<String, PublicKey>>,
    at_ms: u64,
) -> Result<(), VerifyError> {
    let mut signatures = document::signatures(object, signer).peekable();
    if signatures.peek().is_none() {
        return Err(VerifyError::MissingSignature(signer.to_owned()));
    }
    let text = document::signed_text(object);
    let mut signed = false;
    for (key_id, signature) in signatures {
        let Some(key) = keys.and_then(|keys| keys.get(key_id)).filter(|key| key.valid_until_ts >= at_ms) else {
            continue;
        };
        if !verify::is_signature(&key.key, signature, &text) {
            return Err(VerifyError::WrongSignature(signer.to_owned(), key_id.to_owned()));
        }
        signed = true;
    }
    if signed { Ok(()) } else { Err(VerifyError::MissingKey(signer.to_owned())) }
}
