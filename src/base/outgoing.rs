//! Requests this server makes itself: one client, which never connects to a forbidden address and never reads more
//! than it should.
//!
//! Where an operator wrote the URL into the configuration (an application service, often on the same machine), it is
//! trusted: such a request may go to any address. Everything else may not.
//!
//! Addresses are checked where they are connected to: a literal in the URL before the request, a name after it has
//! been resolved, each time. Redirects are not followed; whoever expects one follows it by another request, which
//! is checked like the first.

use std::{
    error::Error as StdError,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

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
    client: reqwest::Client,
    denied: Arc<[IpNet]>,
    trusting_client: reqwest::Client,
    response_bytes_max: usize,
}

/// A request to send.
#[derive(Clone, Debug)]
pub struct OutgoingRequest {
    /// The method.
    pub method: http::Method,
    /// The whole URL.
    pub url: String,
    /// Header names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct OutgoingAnswer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
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

impl Outgoing {
    /// A client with these options.
    pub fn new(options: &OutgoingOptions) -> Result<Self, OutgoingError> {
        let denied: Arc<[IpNet]> = options.denied_addresses.clone().into();
        Ok(Self {
            client: client(options, Arc::clone(&denied))?,
            denied,
            trusting_client: client(options, Arc::new([]))?,
            response_bytes_max: options.response_bytes_max,
        })
    }

    /// Sends a request and reads the answer.
    pub async fn send(&self, request: OutgoingRequest) -> Result<OutgoingAnswer, OutgoingError> {
        let url = parse(&request.url)?;
        // A literal is connected to without asking the resolver.
        if let Some(address) = url.host_str().and_then(literal)
            && is_denied(&self.denied, address)
        {
            return Err(OutgoingError::Denied(address.to_string()));
        }
        self.exchange(&self.client, url, request).await
    }

    /// Sends a request to a URL that the operator chose, whatever its address.
    pub async fn send_to_trusted(&self, request: OutgoingRequest) -> Result<OutgoingAnswer, OutgoingError> {
        self.exchange(&self.trusting_client, parse(&request.url)?, request).await
    }

    async fn exchange(
        &self,
        client: &reqwest::Client,
        url: reqwest::Url,
        request: OutgoingRequest,
    ) -> Result<OutgoingAnswer, OutgoingError> {
        let mut sending = client.request(request.method, url).body(request.body);
        for (name, value) in request.headers {
            sending = sending.header(name, value);
        }
        let response = sending.send().await.map_err(explain)?;
        let status = response.status().as_u16();
        let mut body = BytesMut::new();
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(explain)?;
            if body.len() + chunk.len() > self.response_bytes_max {
                return Err(OutgoingError::TooLarge(self.response_bytes_max));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(OutgoingAnswer { status, body: body.freeze() })
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that makes HTTP clients")]
fn client(options: &OutgoingOptions, denied: Arc<[IpNet]>) -> Result<reqwest::Client, OutgoingError> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("kith/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(Duration::from_millis(options.connect_timeout_ms))
        .timeout(Duration::from_millis(options.request_timeout_ms))
        .dns_resolver(Arc::new(Resolver { denied }));
    for pem in &options.extra_ca_certificates {
        let certificates = reqwest::Certificate::from_pem_bundle(pem);
        builder =
            builder.tls_certs_merge(certificates.map_err(|error| OutgoingError::Options(told(&error)))?);
    }
    builder.build().map_err(|error| OutgoingError::Options(told(&error)))
}

fn parse(url: &str) -> Result<reqwest::Url, OutgoingError> {
    let parsed = reqwest::Url::parse(url).ok().filter(|parsed| matches!(parsed.scheme(), "http" | "https"));
    parsed.ok_or_else(|| OutgoingError::Url(url.to_owned()))
}

/// Names through the system's resolver (and so `/etc/hosts`), with denied addresses left out.
struct Resolver {
    denied: Arc<[IpNet]>,
}

/// Every address of a name is denied.
#[derive(Debug, thiserror::Error)]
#[error("every address of {0} is denied")]
struct AllDenied(String);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let denied = Arc::clone(&self.denied);
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> =
                found.filter(|address| !is_denied(&denied, address.ip())).collect();
            if allowed.is_empty() {
                return Err(AllDenied(host).into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// The address that a URL's host is, if it is one.
fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// IPv4 addresses in IPv6 clothes count as what they are.
fn is_denied(denied: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    denied.iter().any(|range| range.contains(&address))
}

fn explain(error: reqwest::Error) -> OutgoingError {
    if error.is_timeout() {
        return OutgoingError::Timeout;
    }
    let mut cause: Option<&dyn StdError> = Some(&error);
    while let Some(current) = cause {
        if let Some(AllDenied(host)) = current.downcast_ref() {
            return OutgoingError::Denied(host.clone());
        }
        cause = current.source();
    }
    OutgoingError::Connection(told(&error))
}

/// An error with its causes, without the URL, which may hold a secret.
fn told(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut cause = error.source();
    while let Some(current) = cause {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&current.to_string());
        cause = current.source();
    }
    if text.is_empty() { "unknown cause".to_owned() } else { text }
}

#[cfg(test)]
mod tests;
