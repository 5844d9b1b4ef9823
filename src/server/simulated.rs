//! A server without a process, for `tests/sim`: several run in one thread, over a network, a clock and a disk that the
//! simulation makes. Everything between the router and the storage engine is what `kith serve` runs.

use crate::{data_dir::DataDir, jobs, open::Ground, wiring};
use axum::body::Body;
use bytes::Bytes;
use kith_accounts::{Accounts, Appservices, Settings};
use kith_api_common::{App, ClientAddress};
use kith_base::{Clock, Outgoing, OutgoingOptions, Random, Tasks, outgoing::Transport};
use kith_config::Config;
use kith_kv::memory::MemoryEngine;
use kith_push::Mails;
use kith_store::{Options, Store, catalog};
use ruma::OwnedServerName;
use std::{net::IpAddr, sync::Arc, time::Duration};
use tower::ServiceExt;

/// How long a server may take to stop, in the simulation's time.
const STOP_DEADLINE: Duration = Duration::from_secs(60);

/// What a server runs on.
pub struct Surroundings {
    /// The configuration. Its data directory holds the signing key, and nothing else.
    pub config: Config,
    /// The disk.
    pub disk: Arc<MemoryEngine>,
    /// The network.
    pub network: Arc<dyn Transport>,
    /// The time.
    pub clock: Clock,
    /// Chance.
    pub random: Random,
}

/// A running server.
pub struct Simulated {
    app: Arc<App>,
    router: axum::Router,
}

/// An empty disk.
#[must_use]
pub fn disk() -> Arc<MemoryEngine> {
    Arc::new(MemoryEngine::new(&catalog::specs()))
}

impl Simulated {
    /// Starts a server on what its disk holds.
    pub fn start(surroundings: Surroundings) -> Result<Self, crate::Failure> {
        let Surroundings { config, disk, network, clock, random } = surroundings;
        let tasks = Tasks::on_one_thread();
        let server_name = OwnedServerName::try_from(config.server_name.as_str())?;
        let data_dir = DataDir::open_or_create(&config.data_dir, server_name.as_str(), &random)?;
        let store = Store::open(disk, Options::default())?;
        let accounts = Accounts::open(
            Arc::clone(&store),
            clock.clone(),
            random.clone(),
            Settings::new(server_name.clone(), &config)?,
            Appservices::default(),
        )?;
        let options = OutgoingOptions {
            connect_timeout_ms: config.outgoing.connect_timeout_ms,
            request_timeout_ms: config.outgoing.request_timeout_ms,
            response_bytes_max: config.outgoing.response_bytes_max,
            ..OutgoingOptions::default()
        };
        let outgoing = Outgoing::over(network, &options);
        let mails = Mails::read(&config.email)?;
        let config = Arc::new(config);
        let ground = Ground { config, clock, random, server_name, data_dir, store, accounts, mails };
        let app = wiring::wire(ground, outgoing, None, None, &tasks)?;
        jobs::start(&app);
        let router = wiring::apis(&app).finish();
        Ok(Self { app, router })
    }

    /// Has a request answered that came from `address`.
    pub async fn answer(&self, mut request: http::Request<Bytes>, address: IpAddr) -> http::Response<Bytes> {
        request.extensions_mut().insert(ClientAddress(address));
        let answer = self.router.clone().oneshot(request.map(Body::from)).await;
        let (parts, body) = match answer {
            Ok(response) => response.into_parts(),
            Err(never) => match never {},
        };
        // A body that breaks off is an empty one to whoever simulates a client.
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
        http::Response::from_parts(parts, body)
    }

    /// Stops the server in order. True if everything it did has ended.
    pub async fn stop(self) -> bool {
        self.app.tasks.stop(STOP_DEADLINE).await
    }
}
