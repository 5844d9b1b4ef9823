//! Asking other servers: finding them, signed requests, their keys and ours, and patience with those that do not
//! answer.
//!
//! [`Peers`] is the door. Behind it: `discovery` says where a server is, `asker` sends one signed request, `backoff`
//! remembers who does not answer, `keys` fetches and keeps public keys, and verifies with them what others signed.
//!
//! Deliberately absent: rooms, and what is asked for.

mod asker;
mod backoff;
mod discovery;
mod flights;
mod gate;
mod identity;
mod keys;
mod policy;
pub mod signing_key;
#[cfg(test)]
mod tests;
mod typed;
mod x_matrix;

use std::{collections::BTreeMap, sync::Arc};

use http::Method;
use kith_base::{
    Clock, Outgoing, Random, Tasks,
    outgoing::{OutgoingAnswer, OutgoingStream},
};
use kith_config::Config;
use kith_event::{
    Pdu, SigningKey, VerifiedPdu,
    verify::{PublicKeys, VerifyError},
};
use kith_store::{Error, Store};
use ruma::{OwnedServerName, ServerName};
use serde_json::value::RawValue;
use tokio::sync::broadcast;

pub use asker::{Patience, PeerError, Time};
pub use backoff::Absence;
pub use discovery::delegated;
pub use identity::{BoundAddress, IdentityError, IdentityServer, StoredInvite};
pub use keys::{NotaryCriteria, RequestError, WantedKeys};
pub use policy::PolicyError;
pub use x_matrix::{XMatrix, XMatrixError};

use asker::{Asker, Question};
use backoff::Backoff;
use discovery::finder::Finder;
use gate::Gate;
use keys::KeyRing;
use signing_key::OtherKeys;

/// What [`Peers`] is made of.
pub struct Parts {
    /// The client for requests.
    pub outgoing: Outgoing,
    /// Where keys and backoff are kept.
    pub store: Arc<Store>,
    /// The configuration.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Clock,
    /// Chance.
    pub random: Random,
    /// The blocking pool.
    pub tasks: Tasks,
    /// The name of this server.
    pub server_name: OwnedServerName,
    /// The key that signs.
    pub signing_key: Arc<SigningKey>,
    /// The keys that are published beside it.
    pub other_keys: Arc<OtherKeys>,
}

/// The other servers.
pub struct Peers {
    asker: Arc<Asker>,
    keys: Arc<KeyRing>,
}

impl Peers {
    /// Reads what is known of other servers.
    pub fn new(parts: Parts) -> Result<Arc<Self>, Error> {
        let Parts { outgoing, store, config, clock, random, tasks, server_name, signing_key, other_keys } =
            parts;
        let federation = &config.federation;
        let asker = Arc::new(Asker {
            finder: Finder::new(outgoing.clone(), clock.clone(), random.clone(), federation),
            backoff: Backoff::open(Arc::clone(&store), tasks.clone(), clock.clone(), random, federation)?,
            gate: Gate::new(federation, server_name.clone()),
            outgoing,
            server_name,
            signing_key,
            clock,
            tasks,
            config: federation.clone(),
        });
        let keys = KeyRing::new(Arc::clone(&asker), store, other_keys);
        Ok(Arc::new(Self { asker, keys }))
    }

    /// Whether this server talks to others at all.
    pub fn is_enabled(&self) -> bool {
        self.asker.gate.is_open()
    }

    /// Whether this server talks to that one, as the operator decided.
    pub fn is_allowed(&self, server: &ServerName) -> bool {
        self.asker.gate.check(server).is_ok()
    }

    /// Asks a server what ruma has no type for: a signed request with a body of JSON text, or without one. Statuses
    /// other than 200 to 299 are errors.
    pub async fn exchange(
        &self,
        server: &ServerName,
        method: Method,
        path_and_query: &str,
        body: Option<Vec<u8>>,
    ) -> Result<OutgoingAnswer, PeerError> {
        self.exchange_with(server, method, path_and_query, body, Patience::USUAL).await
    }

    /// [`Peers::exchange`] with other patience.
    pub async fn exchange_with(
        &self,
        server: &ServerName,
        method: Method,
        path_and_query: &str,
        body: Option<Vec<u8>>,
        patience: Patience,
    ) -> Result<OutgoingAnswer, PeerError> {
        let question = Question { method, path_and_query, body, patience, signed: true };
        self.asker.ask(server, question).await
    }

    /// Makes a signed GET request and hands over the answer, of whatever status, as it arrives: for media. It ends
    /// with an error where it is larger than `response_bytes_max`.
    pub async fn stream(
        &self,
        server: &ServerName,
        path_and_query: &str,
        patience: Patience,
        response_bytes_max: usize,
    ) -> Result<OutgoingStream, PeerError> {
        let question = Question { method: Method::GET, path_and_query, body: None, patience, signed: true };
        self.asker.stream(server, question, response_bytes_max).await
    }

    /// When a server that did not answer lately may be asked again, in unix milliseconds; `None` if it may be now.
    pub fn retry_at_ms(&self, server: &ServerName) -> Option<u64> {
        self.asker.backoff.retry_at_ms(server)
    }

    /// Whether a server did not answer lately and is left alone for now.
    pub fn is_backed_off(&self, server: &ServerName) -> bool {
        self.retry_at_ms(server).is_some()
    }

    /// What is known of a server that did not answer lately.
    pub fn absence(&self, server: &ServerName) -> Option<Absence> {
        self.asker.backoff.absence(server)
    }

    /// The servers that did not answer lately.
    pub fn absent(&self) -> Vec<OwnedServerName> {
        self.asker.backoff.absent()
    }

    /// Lets a server be asked at once that did not answer lately. False if it may be asked anyway.
    pub fn forgive(&self, server: &ServerName) -> bool {
        self.asker.backoff.forgive(server)
    }

    /// Notes that a server has sent something; if it was away, it may be asked again at once.
    pub fn heard_from(&self, server: &ServerName) {
        self.asker.backoff.heard_from(server);
    }

    /// Hears of servers that were away and may be asked again before their time. A listener that falls behind looks
    /// at all servers that it waits for.
    pub fn returns(&self) -> broadcast::Receiver<OwnedServerName> {
        self.asker.backoff.returns()
    }

    /// The public keys of servers, as far as they are known or can be fetched now. Keys that no longer were valid at
    /// the given times may be among them; whoever verifies looks at `valid_until_ts`.
    pub async fn public_keys(&self, wanted: &[WantedKeys]) -> PublicKeys {
        self.keys.public_keys(wanted).await
    }

    /// Checks signatures and hashes of events, in their order.
    pub async fn verify_pdus(&self, pdus: Vec<Pdu>) -> Vec<Result<VerifiedPdu, VerifyError>> {
        self.keys.verify_pdus(pdus).await
    }

    /// Checks that a server has signed an object, given as JSON text, with a key that was valid at `at_ms`.
    pub async fn verify_json(
        &self,
        signer: &ServerName,
        object: &str,
        at_ms: u64,
    ) -> Result<(), VerifyError> {
        self.keys.verify_json(signer, object, at_ms).await
    }

    /// Checks that a request comes from the server that its header names, and is meant for this one. `uri` is the path
    /// with the query as it stands in the request line.
    pub async fn verify_request(
        &self,
        header: &XMatrix,
        method: &Method,
        uri: &str,
        body: &[u8],
    ) -> Result<OwnedServerName, RequestError> {
        self.keys.verify_request(header, method, uri, body).await
    }

    /// The document in which this server publishes its keys, as canonical JSON.
    pub fn own_keys(&self) -> Box<RawValue> {
        self.keys.own_document()
    }

    /// What this server knows, as a notary, of other servers' keys, with its signature added. At most
    /// [`Peers::NOTARY_SERVERS_MAX`] servers are answered.
    pub async fn notarise(&self, wanted: BTreeMap<OwnedServerName, NotaryCriteria>) -> Vec<Box<RawValue>> {
        self.keys.notarise(wanted).await
    }

    /// How many servers' keys one request to a notary may ask for.
    pub const NOTARY_SERVERS_MAX: usize = keys::NOTARY_SERVERS_MAX;
}
