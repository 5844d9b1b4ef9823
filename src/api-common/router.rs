//! The table of contents: which handler answers which path, and what happens around every one of them.

mod peers;
mod streaming;

use std::{net::IpAddr, net::Ipv4Addr, sync::Arc, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodFilter, MethodRouter, on},
};
use bytes::BytesMut;
use http::{Method, StatusCode, header};
use ruma::api::{IncomingRequest, OutgoingResponse, OutgoingResponseExt, path_builder::PathBuilder};

use crate::{
    ApiError, App, Call, ClientAddress,
    authenticate::{self, ClientAuthentication},
    cors, leftover,
    request::{self, Whole},
};

pub use streaming::Unread;

/// How many bytes of a `User-Agent` header are kept.
const USER_AGENT_BYTES_MAX: usize = 256;

/// Endpoints by path and method.
pub struct Router {
    app: Arc<App>,
    routes: axum::Router<Arc<App>>,
}

impl Router {
    /// No endpoints yet.
    pub fn new(app: Arc<App>) -> Self {
        Self { app, routes: axum::Router::new() }
    }

    /// Enters a handler under every path of its request type. It runs on the blocking pool.
    #[must_use]
    pub fn endpoint<T, H>(self, handler: H) -> Self
    where
        T: IncomingRequest<OutgoingResponse: Send> + Send + 'static,
        T::Authentication: ClientAuthentication,
        H: Fn(&Call, T) -> Result<T::OutgoingResponse, ApiError> + Clone + Send + Sync + 'static,
    {
        let paths: Vec<&'static str> = T::PATH_BUILDER.all_paths().collect();
        self.endpoint_at(&paths, handler)
    }

    /// Enters a handler under the given paths, beside or instead of those of its request type.
    #[must_use]
    pub fn endpoint_at<T, H>(self, paths: &[&str], handler: H) -> Self
    where
        T: IncomingRequest<OutgoingResponse: Send> + Send + 'static,
        T::Authentication: ClientAuthentication,
        H: Fn(&Call, T) -> Result<T::OutgoingResponse, ApiError> + Clone + Send + Sync + 'static,
    {
        self.enter(&T::METHOD, paths, move |app, whole| {
            let handler = handler.clone();
            async move {
                let tasks = app.tasks.clone();
                let work = move || {
                    let (call, request) = understand::<T>(app, &whole)?;
                    into_http(handler(&call, request)?)
                };
                tasks.blocking(work).await
            }
        })
    }

    /// Enters an async handler under every path of its request type: for what waits for somebody else.
    #[must_use]
    pub fn endpoint_async<T, H, F>(self, handler: H) -> Self
    where
        T: IncomingRequest + Send + 'static,
        T::Authentication: ClientAuthentication,
        H: Fn(Call, T) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<T::OutgoingResponse, ApiError>> + Send + 'static,
    {
        let paths: Vec<&'static str> = T::PATH_BUILDER.all_paths().collect();
        self.endpoint_async_at(&paths, handler)
    }

    /// Enters an async handler under the given paths, beside or instead of those of its request type.
    #[must_use]
    pub fn endpoint_async_at<T, H, F>(self, paths: &[&str], handler: H) -> Self
    where
        T: IncomingRequest + Send + 'static,
        T::Authentication: ClientAuthentication,
        H: Fn(Call, T) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<T::OutgoingResponse, ApiError>> + Send + 'static,
    {
        self.enter_async::<T, _, _>(paths, move |call, request| {
            let answer = handler(call, request);
            async move { answer.await.and_then(into_http) }
        })
    }

    /// Enters an async handler that makes its own HTTP response, under every path of its request type: for answers
    /// that are put together from ready JSON.
    #[must_use]
    pub fn endpoint_raw<T, H, F>(self, handler: H) -> Self
    where
        T: IncomingRequest + Send + 'static,
        T::Authentication: ClientAuthentication,
        H: Fn(Call, T) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Response, ApiError>> + Send + 'static,
    {
        let paths: Vec<&'static str> = T::PATH_BUILDER.all_paths().collect();
        self.enter_async::<T, _, _>(&paths, handler)
    }

    /// Enters hand-made routes, for what ruma has no type for.
    #[must_use]
    pub fn hand_made(mut self, path: &str, routes: MethodRouter<Arc<App>>) -> Self {
        self.routes = self.routes.route(path, routes);
        self
    }

    /// The finished service, with CORS, metrics and the answers to unknown paths and methods.
    pub fn finish(self) -> axum::Router {
        self.routes
            .fallback(|| async { ApiError::unrecognized(StatusCode::NOT_FOUND) })
            .method_not_allowed_fallback(|| async { ApiError::unrecognized(StatusCode::METHOD_NOT_ALLOWED) })
            .layer(middleware::from_fn_with_state(Arc::clone(&self.app), measure))
            .layer(middleware::from_fn(cors::cors))
            .layer(middleware::from_fn(leftover::discard))
            .with_state(self.app)
    }

    fn enter_async<T, H, F>(self, paths: &[&str], handler: H) -> Self
    where
        T: IncomingRequest + Send + 'static,
        T::Authentication: ClientAuthentication,
        H: Fn(Call, T) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Response, ApiError>> + Send + 'static,
    {
        self.enter(&T::METHOD, paths, move |app, whole| {
            let handler = handler.clone();
            async move {
                let tasks = app.tasks.clone();
                let (call, request) = tasks.blocking(move || understand::<T>(app, &whole)).await?;
                handler(call, request).await
            }
        })
    }

    fn enter<H, F>(mut self, method: &Method, paths: &[&str], handler: H) -> Self
    where
        H: Fn(Arc<App>, Whole) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Response, ApiError>> + Send + 'static,
    {
        for path in paths {
            let handler = handler.clone();
            let route = move |State(app): State<Arc<App>>, request: Request| {
                let handler = handler.clone();
                async move {
                    match request::read(&app, request).await {
                        Ok(whole) => handler(app, whole).await.into_response(),
                        Err(error) => error.into_response(),
                    }
                }
            };
            self.routes = self.routes.route(path, on(filter(method), route));
        }
        self
    }
}

/// Says who sent a request and what it asks. Reads the store, so it runs on the blocking pool. Authentication comes
/// before the body is looked at, so that a stranger's bad body is not explained to them.
fn understand<T>(app: Arc<App>, whole: &Whole) -> Result<(Call, T), ApiError>
where
    T: IncomingRequest,
    T::Authentication: ClientAuthentication,
{
    let address = whole
        .parts
        .extensions
        .get::<ClientAddress>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.0);
    let shown = authenticate::authenticate::<T::Authentication>(&app, &whole.parts, address)?;
    let request = whole.parse::<T>()?;
    let user_agent = whole.parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let user_agent = user_agent.map(|text| text.chars().take(USER_AGENT_BYTES_MAX).collect());
    Ok((Call { app, address, user_agent, shown }, request))
}

/// ruma's response as HTTP.
pub fn into_http(response: impl OutgoingResponse) -> Result<Response, ApiError> {
    let response =
        response.try_into_http_response::<BytesMut>().map_err(|error| ApiError::internal(&error))?;
    Ok(response.map(|body| body.freeze().into()))
}

fn filter(method: &Method) -> MethodFilter {
    // Every method of the specification is one of these; GET answers HEAD as well.
    MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET)
}

/// Counts requests and their time by endpoint, never by the paths that clients make up.
async fn measure(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let endpoint =
        request.extensions().get::<MatchedPath>().map_or("unknown", MatchedPath::as_str).to_owned();
    let method = request.method().to_string();
    let start: Instant = app.clock.instant();
    let response = next.run(request).await;
    let seconds = app.clock.instant().duration_since(start).as_secs_f64();
    let status = response.status().as_u16().to_string();
    metrics::counter!("kith_http_requests_total", "method" => method, "endpoint" => endpoint.clone(), "status" => status)
        .increment(1);
    metrics::histogram!("kith_http_request_seconds", "endpoint" => endpoint).record(seconds);
    response
}
