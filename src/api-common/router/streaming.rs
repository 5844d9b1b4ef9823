//! Endpoints that read a request's body, or write an answer's, bit by bit: media. Around them everything is as around
//! the others; authentication comes before the first byte of a body.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::on,
};
use http::HeaderMap;
use ruma::api::{IncomingRequest, path_builder::PathBuilder};

use super::{Router, filter, understand};
use crate::{ApiError, App, Call, authenticate::ClientAuthentication, request};

/// What a typed request leaves unread.
pub struct Unread {
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
}

impl Router {
    /// Enters a handler under every path of its request type, whose body it gets unread: the typed request is read as
    /// if it had none.
    #[must_use]
    pub fn endpoint_streaming<T, H, F>(self, handler: H) -> Self
    where
        T: IncomingRequest + Send + 'static,
        T::Authentication: ClientAuthentication,
        H: Fn(Call, T, Unread) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Response, ApiError>> + Send + 'static,
    {
        let paths: Vec<&'static str> = T::PATH_BUILDER.all_paths().collect();
        self.endpoint_streaming_at(&paths, handler)
    }

    /// The same, under the given paths.
    #[must_use]
    pub fn endpoint_streaming_at<T, H, F>(mut self, paths: &[&str], handler: H) -> Self
    where
        T: IncomingRequest + Send + 'static,
        T::Authentication: ClientAuthentication,
        H: Fn(Call, T, Unread) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Response, ApiError>> + Send + 'static,
    {
        for path in paths {
            let handler = handler.clone();
            let route = move |State(app): State<Arc<App>>, request: Request| {
                let handler = handler.clone();
                async move { stream::<T, _, _>(app, request, handler).await.into_response() }
            };
            self.routes = self.routes.route(path, on(filter(&T::METHOD), route));
        }
        self
    }
}

async fn stream<T, H, F>(app: Arc<App>, request: Request, handler: H) -> Result<Response, ApiError>
where
    T: IncomingRequest + Send + 'static,
    T::Authentication: ClientAuthentication,
    H: Fn(Call, T, Unread) -> F,
    F: Future<Output = Result<Response, ApiError>>,
{
    let (whole, body) = request::read_head(request).await?;
    let headers = whole.parts.headers.clone();
    let tasks = app.tasks.clone();
    let (call, request) = tasks.blocking(move || understand::<T>(app, &whole)).await?;
    handler(call, request, Unread { headers, body }).await
}
