//! Endpoints that other servers ask: requests carry a signature instead of a token.

use std::{net::IpAddr, net::Ipv4Addr, sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::on,
};
use kith_event::json::{ENVELOPE_DEPTH_MAX, NESTING_DEPTH_MAX};
use ruma::api::{
    IncomingRequest, Metadata, federation::authentication::ServerSignatures, path_builder::PathBuilder,
};

use super::{Router, filter, into_http};
use crate::{
    ApiError, App, ClientAddress, PeerCall, authenticate_peer,
    peer_turns::Turn,
    request::{self, Bounds, Whole},
};

/// How large a body of another server may be, in bytes, if clients may not send more: a transaction of fifty of the
/// largest events and a hundred of the largest ephemeral ones.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How deep a body may be nested: as deep as events may be, and what wraps them.
const BODY_DEPTH_MAX: usize = NESTING_DEPTH_MAX + 8;
/// How long a server waits that has too many requests open.
const BUSY_RETRY: Duration = Duration::from_secs(2);

impl Router {
    /// Enters a handler for other servers under every path of its request type. It runs on the blocking pool.
    #[must_use]
    pub fn federation_endpoint<T, H>(self, handler: H) -> Self
    where
        T: IncomingRequest<OutgoingResponse: Send>
            + Metadata<Authentication = ServerSignatures>
            + Send
            + 'static,
        H: Fn(&PeerCall, T) -> Result<T::OutgoingResponse, ApiError> + Clone + Send + Sync + 'static,
    {
        self.enter_for_peers::<T, _, _>(BODY_DEPTH_MAX, move |call, whole| {
            let handler = handler.clone();
            async move {
                let tasks = call.app.tasks.clone();
                tasks.blocking(move || into_http(handler(&call, whole.parse::<T>()?)?)).await
            }
        })
    }

    /// Enters an async handler for other servers: for what waits for somebody else.
    #[must_use]
    pub fn federation_endpoint_async<T, H, F>(self, handler: H) -> Self
    where
        T: IncomingRequest + Metadata<Authentication = ServerSignatures> + Send + 'static,
        H: Fn(PeerCall, T) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<T::OutgoingResponse, ApiError>> + Send + 'static,
    {
        self.federation_endpoint_raw::<T, _, _>(move |call, request| {
            let answer = handler(call, request);
            async move { answer.await.and_then(into_http) }
        })
    }

    /// Enters an async handler for bodies that carry much, each piece of which is read by itself: one that is nested too
    /// deep costs only itself.
    #[must_use]
    pub fn federation_endpoint_of_envelopes<T, H, F>(self, handler: H) -> Self
    where
        T: IncomingRequest + Metadata<Authentication = ServerSignatures> + Send + 'static,
        H: Fn(PeerCall, T) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<T::OutgoingResponse, ApiError>> + Send + 'static,
    {
        self.enter_parsed::<T, _, _>(ENVELOPE_DEPTH_MAX, move |call, request| {
            let answer = handler(call, request);
            async move { answer.await.and_then(into_http) }
        })
    }

    /// Enters an async handler for other servers that makes its own HTTP response: for answers that are no JSON.
    #[must_use]
    pub fn federation_endpoint_raw<T, H, F>(self, handler: H) -> Self
    where
        T: IncomingRequest + Metadata<Authentication = ServerSignatures> + Send + 'static,
        H: Fn(PeerCall, T) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Response, ApiError>> + Send + 'static,
    {
        self.enter_parsed::<T, _, _>(BODY_DEPTH_MAX, handler)
    }

    fn enter_parsed<T, H, F>(self, body_depth_max: usize, handler: H) -> Self
    where
        T: IncomingRequest + Metadata<Authentication = ServerSignatures> + Send + 'static,
        H: Fn(PeerCall, T) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Response, ApiError>> + Send + 'static,
    {
        self.enter_for_peers::<T, _, _>(body_depth_max, move |call, whole| {
            let handler = handler.clone();
            async move {
                let tasks = call.app.tasks.clone();
                let request = tasks.blocking(move || whole.parse::<T>()).await?;
                handler(call, request).await
            }
        })
    }

    fn enter_for_peers<T, H, F>(mut self, body_depth_max: usize, handler: H) -> Self
    where
        T: Metadata,
        H: Fn(PeerCall, Whole) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Response, ApiError>> + Send + 'static,
    {
        for path in T::PATH_BUILDER.all_paths() {
            let handler = handler.clone();
            let route = move |State(app): State<Arc<App>>, request: Request| {
                let handler = handler.clone();
                async move {
                    match admit(app, request, body_depth_max).await {
                        Ok((call, whole, turn)) => {
                            let answer = handler(call, whole).await.into_response();
                            drop(turn);
                            answer
                        }
                        Err(error) => error.into_response(),
                    }
                }
            };
            self.routes = self.routes.route(path, on(filter(&T::METHOD), route));
        }
        self
    }
}

/// Says which server sent a request, and has it wait for its turn.
async fn admit(
    app: Arc<App>,
    request: Request,
    body_depth_max: usize,
) -> Result<(PeerCall, Whole, Turn), ApiError> {
    let address = request
        .extensions()
        .get::<ClientAddress>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.0);
    let (parts, body) = request.into_parts();
    let claim = authenticate_peer::claim(&app, &parts)?;
    let bounds = Bounds {
        body_bytes_max: BODY_BYTES_MAX.max(app.config.limits.request_body_bytes_max),
        body_depth_max,
    };
    let whole = request::read_within(&app, Request::from_parts(parts, body), bounds).await?;
    // The signature covers the values of the body, so it has to be JSON before anything can be said of it.
    whole.check_text()?;
    let origin = authenticate_peer::verify(&app, &claim, &whole).await?;
    let turn = app.peer_turns.take(&origin).await.map_err(|_| ApiError::limit_exceeded(BUSY_RETRY))?;
    Ok((PeerCall { app, origin, address }, whole, turn))
}
