//! One connection: HTTP/1.1 or HTTP/2, its time and size limits, and its graceful end.

use super::patience::Patience;
use super::{Shared, client_address, services};
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use kith_api_common::{ApiError, ClientAddress};
use kith_config::Listener;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tower::ServiceExt;

/// Requests that one HTTP/2 connection may have in flight.
const HTTP2_STREAMS_MAX: u32 = 200;
/// How often a silent HTTP/2 peer is asked whether it is still there, and how long it may take to say so.
const HTTP2_PING_INTERVAL: Duration = Duration::from_secs(30);
const HTTP2_PING_TIMEOUT: Duration = Duration::from_secs(20);

/// Serves requests until the peer ends the connection or the server stops.
pub(super) async fn serve<S>(shared: Arc<Shared>, listener: Arc<Listener>, stream: S, peer: SocketAddr)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    metrics::gauge!("kith_connections").increment(1.0);
    let header_timeout = Duration::from_millis(shared.limits.header_timeout_ms);
    let builder = configure(&shared, header_timeout);
    let stopping = shared.tasks.stopping();
    let service =
        service_fn(move |request| answer(Arc::clone(&shared), Arc::clone(&listener), peer, request));
    let stream = Patience::new(stream, header_timeout);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = stopping.cancelled() => {
            // What is being answered is finished, nothing new is taken.
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, %peer, "connection ended early");
    }
    metrics::gauge!("kith_connections").decrement(1.0);
}

fn configure(shared: &Shared, header_timeout: Duration) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_buf_size(shared.limits.header_bytes_max);
    let header_bytes_max = u32::try_from(shared.limits.header_bytes_max).unwrap_or(u32::MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(HTTP2_PING_INTERVAL)
        .keep_alive_timeout(HTTP2_PING_TIMEOUT)
        .max_concurrent_streams(HTTP2_STREAMS_MAX)
        .max_header_list_size(header_bytes_max);
    builder
}

/// Answers one request: finds out who asks, hides what this listener does not serve, and survives a bug.
async fn answer(
    shared: Arc<Shared>,
    listener: Arc<Listener>,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response, Infallible> {
    let started = shared.clock.instant();
    let method = request.method().clone();
    // Without the query, which may hold an access token.
    let path = request.uri().path().to_owned();
    let address = client_address::find(&listener.trusted_proxies, peer.ip(), request.headers());
    let response = if services::serves(&listener, &path) {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ClientAddress(address));
        let answering = AssertUnwindSafe(shared.router.clone().oneshot(request));
        match answering.catch_unwind().await {
            Ok(Ok(response)) => response,
            // The panic itself has been printed by the panic hook; the client gets an answer, the others go on.
            Err(_panic) => ApiError::internal(&"a handler panicked").into_response(),
        }
    } else {
        ApiError::unrecognized(http::StatusCode::NOT_FOUND).into_response()
    };
    let elapsed_ms = shared.clock.instant().duration_since(started).as_millis();
    tracing::debug!(%address, %method, path, status = response.status().as_u16(), elapsed_ms, "request");
    Ok(response)
}
