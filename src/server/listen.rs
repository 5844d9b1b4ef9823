//! Listening: sockets, TLS, connections and their limits, down to the request that the router gets.
//!
//! Deliberately absent: what is answered. The router comes in as an argument; a listener only hides the parts of it
//! that it is not meant to serve.

mod client_address;
mod connection;
mod patience;
mod services;
mod tls;

use axum::Router;
use kith_base::{Clock, Tasks};
use kith_config::{Config, Limits, Listener};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;

pub(crate) use tls::{Certificate, CertificateError};

/// How many finished connections the system keeps for us while we are busy.
const ACCEPT_QUEUE_CONNECTIONS: u32 = 1_024;
/// How long accepting rests after the system refused, for want of file descriptors for example.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A socket that is bound but does not accept yet.
pub(crate) struct Bound {
    socket: TcpListener,
    listener: Listener,
    certificate: Option<Arc<Certificate>>,
}

/// Why a listener could not be set up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListenError {
    #[error("cannot listen on {address}: {source}")]
    Bind { address: SocketAddr, source: std::io::Error },
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

/// Reads every certificate, and binds nothing.
pub(crate) fn check(config: &Config) -> Result<(), CertificateError> {
    for listener in &config.listeners {
        Certificate::load(listener)?;
    }
    Ok(())
}

/// Binds every listener, so that a port in use or a broken certificate ends the start before anything is promised.
pub(crate) fn bind(config: &Config) -> Result<Vec<Bound>, ListenError> {
    let mut bound = Vec::new();
    for listener in &config.listeners {
        let certificate = Certificate::load(listener)?.map(Arc::new);
        let socket = open_socket(listener.address)
            .map_err(|source| ListenError::Bind { address: listener.address, source })?;
        bound.push(Bound { socket, listener: listener.clone(), certificate });
    }
    Ok(bound)
}

fn open_socket(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A restart must not wait for the last run's connections to be forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(ACCEPT_QUEUE_CONNECTIONS)
}

impl Bound {
    /// What the start-up message says about it: where, and what is served there.
    pub(crate) fn describe(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        let address = self.socket.local_addr().unwrap_or(self.listener.address);
        let serves: Vec<&str> = self.listener.serves.iter().map(|service| services::name(*service)).collect();
        format!("{scheme}://{address} ({})", serves.join(", "))
    }

    /// The address with the port that was really taken.
    pub(crate) fn local_address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap_or(self.listener.address)
    }

    /// True when clients can be sent here.
    pub(crate) fn serves_clients(&self) -> bool {
        self.listener.serves.contains(&kith_config::Service::Client)
    }

    /// True when it speaks TLS.
    pub(crate) fn is_tls(&self) -> bool {
        self.certificate.is_some()
    }
}

/// What all listeners share.
struct Shared {
    router: Router,
    tasks: Tasks,
    clock: Clock,
    limits: Limits,
    /// One permit for each connection that may be open.
    connections: Arc<Semaphore>,
}

/// Accepts connections on every listener until the tasks are told to stop, and watches their certificates.
pub(crate) fn accept(bound: Vec<Bound>, router: Router, limits: &Limits, clock: &Clock, tasks: &Tasks) {
    let shared = Arc::new(Shared {
        router,
        tasks: tasks.clone(),
        clock: clock.clone(),
        limits: limits.clone(),
        connections: Arc::new(Semaphore::new(limits.connections_max.min(Semaphore::MAX_PERMITS))),
    });
    let certificates: Vec<Arc<Certificate>> =
        bound.iter().filter_map(|bound| bound.certificate.clone()).collect();
    // Without certificates too: SIGHUP must never end a server.
    tasks.spawn("certificates", tls::watch(certificates, tasks.clone()));
    for bound in bound {
        tasks.spawn("listener", accept_on(bound, Arc::clone(&shared)));
    }
}

async fn accept_on(bound: Bound, shared: Arc<Shared>) {
    let stopping = shared.tasks.stopping();
    let listener = Arc::new(bound.listener);
    loop {
        let accepted = tokio::select! {
            () = stopping.cancelled() => return,
            accepted = bound.socket.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // A connection that broke before we took it is its own affair; anything else needs a pause, or the
                // loop would spin.
                tracing::warn!(%error, address = %listener.address, "could not accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // The permit comes after the connection, so that an idle listener holds none.
        let permit = tokio::select! {
            () = stopping.cancelled() => return,
            permit = Arc::clone(&shared.connections).acquire_owned() => permit,
        };
        let Ok(permit) = permit else { return };
        let (listener, certificate) = (Arc::clone(&listener), bound.certificate.clone());
        let connection = take(Arc::clone(&shared), listener, certificate, stream, peer);
        shared.tasks.spawn("connection", async move {
            connection.await;
            drop(permit);
        });
    }
}

/// Serves one connection to its end.
async fn take(
    shared: Arc<Shared>,
    listener: Arc<Listener>,
    certificate: Option<Arc<Certificate>>,
    stream: TcpStream,
    peer: SocketAddr,
) {
    // Answers are written whole; waiting for more to send only delays them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "could not set TCP_NODELAY");
    }
    let patience = Duration::from_millis(shared.limits.header_timeout_ms);
    match certificate {
        None => connection::serve(shared, listener, stream, peer).await,
        Some(certificate) => match tokio::time::timeout(patience, certificate.accept(stream)).await {
            Ok(Ok(stream)) => Box::pin(connection::serve(shared, listener, stream, peer)).await,
            Ok(Err(error)) => tracing::debug!(%error, %peer, "TLS handshake failed"),
            Err(_elapsed) => tracing::debug!(%peer, "TLS handshake took too long"),
        },
    }
}

#[cfg(test)]
mod tests;
