//! What an answer leaves unread of a request's body is read and thrown away.
//!
//! HTTP/1.1 has no way to say "enough": a server that answers in the middle of a body has to end the connection, and
//! the client, still writing, often sees a broken connection instead of the answer.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, BodyDataStream},
    extract::Request,
    middleware::Next,
    response::Response,
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::StatusCode;
use parking_lot::Mutex;

/// How much of a body is thrown away before the connection is.
const DISCARDED_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How long a client may take to send what is thrown away.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(10);

/// A body that two can read, one after the other.
#[derive(Clone)]
struct Shared(Arc<Mutex<BodyDataStream>>);

impl Shared {
    fn poll(&self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, axum::Error>>> {
        self.0.lock().poll_next_unpin(context)
    }

    fn stream(self) -> impl stream::Stream<Item = Result<Bytes, axum::Error>> {
        stream::poll_fn(move |context| self.poll(context))
    }
}

/// Has a request answered, and its body read to the end.
pub(crate) async fn discard(request: Request, next: Next) -> Response {
    if axum::body::HttpBody::is_end_stream(request.body()) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let shared = Shared(Arc::new(Mutex::new(body.into_data_stream())));
    let response = next.run(Request::from_parts(parts, Body::from_stream(shared.clone().stream()))).await;
    // Whoever was too slow has been waited for long enough.
    if response.status() != StatusCode::REQUEST_TIMEOUT {
        // Late or not, the client gets its answer.
        let _elapsed = tokio::time::timeout(DISCARD_TIMEOUT, discard_rest(shared)).await;
    }
    response
}

async fn discard_rest(body: Shared) {
    let mut left = DISCARDED_BYTES_MAX;
    let mut stream = std::pin::pin!(body.stream());
    while let Some(Ok(bytes)) = stream.next().await {
        match left.checked_sub(bytes.len()) {
            Some(less) => left = less,
            None => return,
        }
    }
}
