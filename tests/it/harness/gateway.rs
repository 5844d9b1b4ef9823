//! A push gateway inside the test.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Bytes, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::AbortHandle};

use super::{User, eventually, free_port};

/// What a server needs that is to talk to a gateway inside the test.
pub(crate) const GATEWAYS: &str =
    "\n[push]\nallow_http_gateways = true\n\n[outgoing]\ndenied_addresses = []\n";

/// A push gateway. Dropping it ends it.
pub(crate) struct Gateway {
    pub(crate) url: String,
    shared: Arc<Shared>,
    serving: AbortHandle,
}

struct Shared {
    /// The notifications it was sent while it took them.
    taken: Mutex<Vec<Value>>,
    /// How many it was sent while it did not.
    refused: Mutex<u32>,
    /// The status and the body of its answers.
    answer: Mutex<(u16, Value)>,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Gateway {
    pub(crate) async fn start() -> Self {
        let port = free_port("127.0.0.1");
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let shared = Arc::new(Shared {
            taken: Mutex::default(),
            refused: Mutex::default(),
            answer: Mutex::new((200, json!({"rejected": []}))),
        });
        let serving = tokio::spawn(serve(listener, Arc::clone(&shared))).abort_handle();
        Self { url: format!("http://127.0.0.1:{port}/_matrix/push/v1/notify"), shared, serving }
    }

    /// What it answers from now on.
    pub(crate) fn answer(&self, status: u16, body: Value) {
        *self.shared.answer.lock().unwrap() = (status, body);
    }

    /// The notifications so far.
    pub(crate) fn taken(&self) -> Vec<Value> {
        self.shared.taken.lock().unwrap().clone()
    }

    /// How many notifications it did not take.
    pub(crate) fn refused(&self) -> u32 {
        *self.shared.refused.lock().unwrap()
    }

    /// Waits for a notification that fits.
    pub(crate) async fn notification(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        eventually(what, async || {
            let taken = self.taken();
            taken.iter().find(|notification| fits(notification)).cloned().ok_or_else(|| format!("{taken:?}"))
        })
        .await
    }

    /// Waits for the notification of an event.
    pub(crate) async fn told(&self, event: &str) -> Value {
        self.notification(&format!("a notification of {event}"), |found| found["event_id"] == event).await
    }

    /// The events it was told of, in order.
    pub(crate) fn events(&self) -> Vec<String> {
        let events = self.taken().into_iter();
        events.filter_map(|notification| notification["event_id"].as_str().map(str::to_owned)).collect()
    }

    /// A pusher of this gateway.
    pub(crate) fn pusher(&self, pushkey: &str) -> Value {
        json!({
            "kind": "http",
            "app_id": "org.example.app",
            "pushkey": pushkey,
            "app_display_name": "App",
            "device_display_name": "Phone",
            "lang": "en",
            "data": {"url": self.url, "default_payload": {"a": 1}},
        })
    }

    /// Has a user told of events here.
    pub(crate) async fn serve(&self, user: &User, pushkey: &str) {
        user.post("/pushers/set", self.pusher(pushkey)).await.ok();
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        let shared = Arc::clone(&shared);
        let service = service_fn(move |request| answer(request, Arc::clone(&shared)));
        tokio::spawn(async move {
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let is_notification = request.method() == "POST" && request.uri().path() == "/_matrix/push/v1/notify";
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let (status, answer) = shared.answer.lock().unwrap().clone();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    match is_notification && status == 200 {
        true => shared.taken.lock().unwrap().push(body["notification"].clone()),
        false => *shared.refused.lock().unwrap() += 1,
    }
    let response = Response::builder().status(status).header("content-type", "application/json");
    Ok(response.body(Full::from(answer.to_string())).unwrap())
}
