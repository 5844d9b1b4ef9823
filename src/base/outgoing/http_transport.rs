//! The network: HTTP/1.1 and HTTP/2 over TLS, with connections that are kept and shared.
//!
//! Several clients, because connections are pooled by a URL's host alone: what is told where to connect must not share
//! connections with what goes where the host's name leads.

use std::{error::Error as StdError, net::IpAddr, sync::Arc, time::Duration};

use futures_util::{FutureExt, StreamExt, future::BoxFuture};
use ipnet::IpNet;

use super::{
    OutgoingError, OutgoingOptions, OutgoingRequest, OutgoingStream, Reach, Transport,
    resolve::{AllDenied, Resolver, Routes, is_denied},
};

/// How many idle connections to one host are kept for HTTP/1.1; HTTP/2 needs only one.
const IDLE_CONNECTIONS_MAX: usize = 8;
/// How long an idle connection is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(90);
/// How often a busy HTTP/2 connection is asked whether it still lives, and how long it may take to say so.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(20);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// Carries requests over the network.
pub(super) struct HttpTransport {
    denied: Arc<[IpNet]>,
    routes: Routes,
    /// For requests that go where their URLs lead.
    public: reqwest::Client,
    /// For requests that are told where to connect.
    routed: reqwest::Client,
    /// For requests with a `Host` of their own, which HTTP/2 has no place for.
    renamed: reqwest::Client,
    trusting: reqwest::Client,
}

impl HttpTransport {
    pub(super) fn new(options: &OutgoingOptions) -> Result<Self, OutgoingError> {
        let denied: Arc<[IpNet]> = options.denied_addresses.clone().into();
        let routes = Routes::default();
        let by_name = || Resolver::by_name(Arc::clone(&denied));
        let routed = Resolver::by_route(Arc::clone(&denied), routes.clone());
        Ok(Self {
            public: build(client(options)?.dns_resolver(Arc::new(by_name())))?,
            routed: build(client(options)?.dns_resolver(Arc::new(routed)))?,
            renamed: build(client(options)?.dns_resolver(Arc::new(by_name())).http1_only())?,
            trusting: build(client(options)?.dns_resolver(Arc::new(Resolver::by_name(Arc::new([])))))?,
            denied,
            routes,
        })
    }

    async fn exchange(
        &self,
        request: OutgoingRequest,
        reach: Reach,
    ) -> Result<OutgoingStream, OutgoingError> {
        let url = parse(&request.url)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        // A literal is connected to without asking the resolver.
        if let Some(address) = literal(&host)
            && reach == Reach::Public
            && is_denied(&self.denied, address)
        {
            return Err(OutgoingError::Denied(address.to_string()));
        }
        let client = match reach {
            Reach::Trusted => &self.trusting,
            Reach::Public if !request.connect_to.is_empty() => &self.routed,
            Reach::Public if request.headers.iter().any(|(name, _)| name == "host") => &self.renamed,
            Reach::Public => &self.public,
        };
        let _route = self.routes.hold(host, request.connect_to);
        let mut sending = client.request(request.method, url).body(request.body);
        for (name, value) in request.headers {
            sending = sending.header(name, value);
        }
        let mut response = sending.send().await.map_err(explain)?;
        let headers = std::mem::take(response.headers_mut());
        let status = response.status().as_u16();
        Ok(OutgoingStream {
            status,
            headers,
            body: response.bytes_stream().map(|piece| piece.map_err(explain)).boxed(),
        })
    }
}

impl Transport for HttpTransport {
    fn send(
        &self,
        request: OutgoingRequest,
        reach: Reach,
    ) -> BoxFuture<'_, Result<OutgoingStream, OutgoingError>> {
        self.exchange(request, reach).boxed()
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that makes HTTP clients")]
fn client(options: &OutgoingOptions) -> Result<reqwest::ClientBuilder, OutgoingError> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("kith/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(Duration::from_millis(options.connect_timeout_ms))
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
        .http2_adaptive_window(true)
        .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
        .http2_keep_alive_timeout(KEEP_ALIVE_TIMEOUT);
    for pem in &options.extra_ca_certificates {
        let certificates = reqwest::Certificate::from_pem_bundle(pem);
        builder =
            builder.tls_certs_merge(certificates.map_err(|error| OutgoingError::Options(told(&error)))?);
    }
    Ok(builder)
}

fn build(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, OutgoingError> {
    builder.build().map_err(|error| OutgoingError::Options(told(&error)))
}

fn parse(url: &str) -> Result<reqwest::Url, OutgoingError> {
    let parsed = reqwest::Url::parse(url).ok().filter(|parsed| matches!(parsed.scheme(), "http" | "https"));
    parsed.ok_or_else(|| OutgoingError::Url(url.to_owned()))
}

/// The URL that a `Location` header in the answer to `url` leads to, if it is one of HTTP.
pub fn follow(url: &str, location: &str) -> Option<String> {
    let next = reqwest::Url::parse(url).ok()?.join(location).ok()?;
    matches!(next.scheme(), "http" | "https").then(|| next.to_string())
}

/// The address that a URL's host is, if it is one.
fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
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
