//! What somebody inside a test answers to the server that it tests, and what it was asked.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, Mutex},
};

use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Bytes, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};

/// A request that was sent to it.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// The path with its query, as it was sent.
    pub(crate) path: String,
    /// The `Authorization` header.
    pub(crate) authorization: String,
    /// The body; what is no JSON is a string here.
    pub(crate) body: Value,
}

/// What it sends back.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Sent {
    pub(super) fn json((status, body): (u16, Value)) -> Self {
        let mut headers = vec![("content-type", "application/json".to_owned())];
        // A text that goes with a redirect says where to.
        if let Some(target) = body.as_str().filter(|_| (300..400).contains(&status)) {
            headers.push(("location", target.to_owned()));
        }
        Self { status, headers, body: body.to_string().into_bytes() }
    }
}

type Answering = Box<dyn Fn(&Received) -> Sent + Send + Sync>;

/// Answers by the beginning of the path; the longest that fits counts.
#[derive(Default)]
pub(crate) struct Answers {
    received: Mutex<Vec<Received>>,
    answers: Mutex<BTreeMap<String, Answering>>,
}

impl Answers {
    /// Has every request whose path begins like this answered by `answering`, from now on.
    pub(crate) fn answer(
        &self,
        path: &str,
        answering: impl Fn(&Received) -> (u16, Value) + Send + Sync + 'static,
    ) {
        self.answer_with(path, move |received| Sent::json(answering(received)));
    }

    /// The same, with an answer that need not be JSON.
    pub(crate) fn answer_with(
        &self,
        path: &str,
        answering: impl Fn(&Received) -> Sent + Send + Sync + 'static,
    ) {
        self.answers.lock().unwrap().insert(path.to_owned(), Box::new(answering));
    }

    /// The requests so far whose path begins like this.
    pub(crate) fn received(&self, path: &str) -> Vec<Received> {
        let received = self.received.lock().unwrap();
        received.iter().filter(|request| request.path.starts_with(path)).cloned().collect()
    }

    /// Answers the requests of one connection.
    pub(crate) async fn serve(self: Arc<Self>, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let service = service_fn(|request| respond(Arc::clone(&self), request));
        let connection = hyper::server::conn::http1::Builder::new();
        // A server that hangs up in between is its own affair.
        let _ended = connection.serve_connection(TokioIo::new(stream), service).await;
    }
}

async fn respond(
    answers: Arc<Answers>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let authorization = parts.headers.get("authorization").and_then(|value| value.to_str().ok());
    let received = Received {
        path: parts.uri.path_and_query().unwrap().to_string(),
        authorization: authorization.unwrap_or_default().to_owned(),
        body: serde_json::from_slice(&body).unwrap_or_else(|_| match body.is_empty() {
            true => Value::Null,
            false => Value::String(String::from_utf8_lossy(&body).into_owned()),
        }),
    };
    let Sent { status, headers, body } = {
        let answers = answers.answers.lock().unwrap();
        let fitting = answers.iter().filter(|(path, _)| received.path.starts_with(path.as_str()));
        let longest = fitting.max_by_key(|(path, _)| path.len());
        longest.map_or_else(
            || {
                let error = "the test has no answer to this";
                Sent::json((404, json!({"errcode": "M_UNRECOGNIZED", "error": error})))
            },
            |(_, answering)| answering(&received),
        )
    };
    answers.received.lock().unwrap().push(received);
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    Ok(response.body(Full::new(Bytes::from(body))).unwrap())
}
