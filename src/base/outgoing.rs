//! Requests this server makes itself: one client, which never connects to a forbidden address and never reads more
//! than it should, nor longer.
//!
//! Where an operator wrote the URL into the configuration (an application service, often on the same machine), it is
//! trusted: such a request may go to any address. Everything else may not.
//!
//! Redirects are not followed; whoever expects one follows it by another request, which is checked like the first.
//! What carries the requests is a [`Transport`]: the network, or whatever a simulation puts in its place.

mod http_transport;
mod resolve;

#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use futures_util::{
    FutureExt, StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use ipnet::IpNet;
use tokio::time::Instant;

use http_transport::HttpTransport;
pub use http_transport::follow;

/// How long the body of a stream may take as a whole, however steadily it trickles.
const STREAM_TIME_MAX: Duration = Duration::from_secs(600);

/// How requests are made.
#[derive(Clone, Debug, Default)]
pub struct OutgoingOptions {
    /// Addresses that are never connected to.
    pub denied_addresses: Vec<IpNet>,
    /// PEM texts of certificate authorities that are trusted besides the system's.
    pub extra_ca_certificates: Vec<Vec<u8>>,
    /// How long making a connection may take, in milliseconds.
    pub connect_timeout_ms: u64,
    /// How long a whole request may take, in milliseconds.
    pub request_timeout_ms: u64,
    /// How many bytes of an answer are read at most.
    pub response_bytes_max: usize,
}

/// The client for outgoing requests.
#[derive(Clone)]
pub struct Outgoing {
    transport: Arc<dyn Transport>,
    timeout: Duration,
    response_bytes_max: usize,
}

/// What carries requests to where their URLs point.
pub trait Transport: Send + Sync {
    /// Sends a request and waits for the head of the answer. Time and size are not limited here.
    fn send(&self, request: OutgoingRequest, reach: Reach)
    -> BoxFuture<'_, Result<OutgoingStream, OutgoingError>>;
}

/// Where a request may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Anywhere but to denied addresses.
    Public,
    /// Anywhere: the operator chose the URL.
    Trusted,
}

/// A request to send.
#[derive(Clone, Debug)]
pub struct OutgoingRequest {
    /// The method.
    pub method: http::Method,
    /// The whole URL.
    pub url: String,
    /// Header names and values. A `host` among them replaces the one that the URL gives.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Where to connect instead of where the URL's host name leads, the best place first; empty for the URL's own.
    ///
    /// For URLs with a host name and without a port. Certificate and `Host` header stay those of the URL, and
    /// connections are shared by requests to the same host.
    pub connect_to: Vec<Target>,
    /// How long the request may take, in milliseconds, instead of what is configured.
    pub timeout_ms: Option<u64>,
    /// How many bytes of the answer are read at most, instead of what is configured.
    pub response_bytes_max: Option<usize>,
}

/// A place to connect to: a host name or an address, and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// A name, or an address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct OutgoingAnswer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// An answer whose body is read as it arrives.
pub struct OutgoingStream {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The body, in pieces. It ends with an error where it is too large or stops.
    pub body: BoxStream<'static, Result<Bytes, OutgoingError>>,
}

/// Why there is no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OutgoingError {
    /// The options do not make a client.
    #[error("the client for outgoing requests cannot be made: {0}")]
    Options(String),
    /// The URL is none, or not one of HTTP.
    #[error("{0:?} is not an HTTP URL")]
    Url(String),
    /// The address may not be connected to.
    #[error("connections to {0} are denied")]
    Denied(String),
    /// The answer did not come in time.
    #[error("no answer in time")]
    Timeout,
    /// The answer is too large.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// The connection failed.
    #[error("the connection failed: {0}")]
    Connection(String),
}

impl OutgoingRequest {
    /// A request without headers and body, and with the configured limits.
    pub fn new(method: http::Method, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            connect_to: Vec::new(),
            timeout_ms: None,
            response_bytes_max: None,
        }
    }
}

impl Outgoing {
    /// A client of the network with these options.
    pub fn new(options: &OutgoingOptions) -> Result<Self, OutgoingError> {
        Ok(Self {
            transport: Arc::new(HttpTransport::new(options)?),
            timeout: Duration::from_millis(options.request_timeout_ms),
            response_bytes_max: options.response_bytes_max,
        })
    }

    /// A client of something else than the network, with the default limits of its options.
    pub fn over(transport: Arc<dyn Transport>, options: &OutgoingOptions) -> Self {
        let timeout = Duration::from_millis(options.request_timeout_ms);
        Self { transport, timeout, response_bytes_max: options.response_bytes_max }
    }

    /// A client that reaches nobody, for commands and tests that have no network.
    pub fn unconnected() -> Self {
        Self::over(Arc::new(Unconnected), &OutgoingOptions::default())
    }

    /// Sends a request and reads the answer.
    pub async fn send(&self, request: OutgoingRequest) -> Result<OutgoingAnswer, OutgoingError> {
        self.exchange(request, Reach::Public).await
    }

    /// Sends a request to a URL that the operator chose, whatever its address.
    pub async fn send_to_trusted(&self, request: OutgoingRequest) -> Result<OutgoingAnswer, OutgoingError> {
        self.exchange(request, Reach::Trusted).await
    }

    /// Sends a request and hands over the answer's body as it arrives. The timeout is for the head of the answer and
    /// then for each piece of the body.
    pub async fn stream(&self, request: OutgoingRequest) -> Result<OutgoingStream, OutgoingError> {
        let (timeout, bytes_max) = self.limits(&request);
        let head = self.transport.send(request, Reach::Public);
        let mut answer = tokio::time::timeout(timeout, head).await.map_err(|_| OutgoingError::Timeout)??;
        answer.body = limited(answer.body, bytes_max, timeout, Instant::now() + STREAM_TIME_MAX);
        Ok(answer)
    }

    async fn exchange(
        &self,
        request: OutgoingRequest,
        reach: Reach,
    ) -> Result<OutgoingAnswer, OutgoingError> {
        let (timeout, bytes_max) = self.limits(&request);
        let whole = async {
            let answer = self.transport.send(request, reach).await?;
            let body = collect(limited(answer.body, bytes_max, timeout, Instant::now() + timeout)).await?;
            Ok(OutgoingAnswer { status: answer.status, headers: answer.headers, body })
        };
        tokio::time::timeout(timeout, whole).await.map_err(|_| OutgoingError::Timeout)?
    }

    fn limits(&self, request: &OutgoingRequest) -> (Duration, usize) {
        let timeout = request.timeout_ms.map_or(self.timeout, Duration::from_millis);
        (timeout, request.response_bytes_max.unwrap_or(self.response_bytes_max))
    }
}

/// A body that fails when it is too large, when nothing more of it comes, and at its `end`.
fn limited(
    body: BoxStream<'static, Result<Bytes, OutgoingError>>,
    bytes_max: usize,
    pause_max: Duration,
    end: Instant,
) -> BoxStream<'static, Result<Bytes, OutgoingError>> {
    let pieces = stream::try_unfold((body, 0_usize), move |(mut body, before)| async move {
        let deadline = end.min(Instant::now() + pause_max);
        let next = tokio::time::timeout_at(deadline, body.next()).await.map_err(|_| OutgoingError::Timeout)?;
        let Some(piece) = next.transpose()? else { return Ok(None) };
        let bytes = before.saturating_add(piece.len());
        if bytes > bytes_max {
            return Err(OutgoingError::TooLarge(bytes_max));
        }
        Ok(Some((piece, (body, bytes))))
    });
    pieces.boxed()
}

async fn collect(
    mut body: BoxStream<'static, Result<Bytes, OutgoingError>>,
) -> Result<Bytes, OutgoingError> {
    let mut whole = BytesMut::new();
    while let Some(piece) = body.next().await {
        whole.extend_from_slice(&piece?);
    }
    Ok(whole.freeze())
}

/// Reaches nobody.
struct Unconnected;

impl Transport for Unconnected {
    fn send(&self, _: OutgoingRequest, _: Reach) -> BoxFuture<'_, Result<OutgoingStream, OutgoingError>> {
        async { Err(OutgoingError::Connection("there is no network".to_owned())) }.boxed()
    }
}
