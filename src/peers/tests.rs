//! What the tests of this crate share: a store in memory, and a network that is a table.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use kith_base::{
    Clock, Outgoing, OutgoingOptions, Random, Tasks,
    outgoing::{OutgoingError, OutgoingRequest, OutgoingStream, Reach, Transport},
};
use kith_config::Config;
use kith_event::SigningKey;
use kith_kv::memory::MemoryEngine;
use kith_store::{Options, Store, catalog};
use parking_lot::Mutex;
use ruma::ServerName;

use crate::{Parts, Peers, signing_key::OtherKeys};

pub(crate) const NOW_MS: u64 = 1_700_000_000_000;

pub(crate) fn store() -> Arc<Store> {
    Store::open(Arc::new(MemoryEngine::new(&catalog::specs())), Options::default()).expect("opens")
}

/// Answers by URL; what is not there cannot be reached.
#[derive(Default)]
pub(crate) struct Network {
    answers: Mutex<HashMap<String, (u16, String)>>,
    requests: Mutex<Vec<OutgoingRequest>>,
}

impl Network {
    pub(crate) fn answer(&self, url: &str, status: u16, body: impl Into<String>) {
        self.answers.lock().insert(url.to_owned(), (status, body.into()));
    }

    pub(crate) fn cut(&self, url: &str) {
        self.answers.lock().remove(url);
    }

    /// The requests since the last time.
    pub(crate) fn requests(&self) -> Vec<OutgoingRequest> {
        std::mem::take(&mut self.requests.lock())
    }
}

impl Transport for Network {
    fn send(
        &self,
        request: OutgoingRequest,
        _: Reach,
    ) -> BoxFuture<'_, Result<OutgoingStream, OutgoingError>> {
        let answer = self.answers.lock().get(&request.url).cloned();
        self.requests.lock().push(request);
        let answer = match answer {
            Some((status, body)) => Ok(OutgoingStream {
                status,
                headers: http::HeaderMap::new(),
                body: stream::iter([Ok(Bytes::from(body))]).boxed(),
            }),
            None => Err(OutgoingError::Connection("nobody there".to_owned())),
        };
        async { answer }.boxed()
    }
}

/// A server of the name, its network, and its clock.
pub(crate) struct World {
    pub(crate) peers: Arc<Peers>,
    pub(crate) network: Arc<Network>,
    pub(crate) clock: Clock,
}

/// A world whose server has this name and configuration; its key is made of the name.
pub(crate) fn world(server_name: &str, config: Config) -> World {
    let network = Arc::new(Network::default());
    let options = OutgoingOptions {
        request_timeout_ms: 1_000,
        response_bytes_max: 1 << 20,
        ..OutgoingOptions::default()
    };
    let clock = Clock::fixed(NOW_MS);
    let peers = Peers::new(Parts {
        outgoing: Outgoing::over(Arc::clone(&network) as Arc<dyn Transport>, &options),
        store: store(),
        config: Arc::new(config),
        clock: clock.clone(),
        random: Random::seeded(1),
        tasks: Tasks::new(),
        server_name: ServerName::parse(server_name).expect("a server name"),
        signing_key: Arc::new(key_of(server_name)),
        other_keys: Arc::new(OtherKeys::default()),
    });
    World { peers: peers.expect("reads nothing"), network, clock }
}

/// The key that a test's server of this name signs with.
pub(crate) fn key_of(server_name: &str) -> SigningKey {
    let mut seed = [0; 32];
    for (place, byte) in seed.iter_mut().zip(server_name.bytes()) {
        *place = byte;
    }
    SigningKey::generate(seed, "1").expect("a key")
}
