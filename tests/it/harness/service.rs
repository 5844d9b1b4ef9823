//! An application service inside the test: it takes transactions and answers questions, over plain HTTP.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use serde_json::{Value, json};
use tokio::{net::TcpListener, task::AbortHandle};

use super::{
    answers::{Answers, Received},
    bridge::HS_TOKEN,
    eventually,
};

const TRANSACTIONS: &str = "/_matrix/app/v1/transactions/";

/// An application service inside the test. Dropping it ends it.
pub(crate) struct Service {
    /// What a registration says of where it is.
    pub(crate) url: String,
    answers: Arc<Answers>,
    away: Arc<AtomicBool>,
    taken: Arc<Mutex<Vec<Transaction>>>,
    serving: AbortHandle,
}

/// A transaction that it has taken.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    pub(crate) id: u64,
    pub(crate) body: Value,
}

impl Drop for Service {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Service {
    /// Starts a service on a port of its own.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answers = Arc::new(Answers::default());
        let (away, taken) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let serving = tokio::spawn(serve(listener, Arc::clone(&answers))).abort_handle();
        let service = Self { url, answers, away, taken, serving };
        let (away, taken) = (Arc::clone(&service.away), Arc::clone(&service.taken));
        service.answer(TRANSACTIONS, move |request| {
            if away.load(Ordering::SeqCst) {
                return (503, json!({"errcode": "M_UNKNOWN", "error": "the service is away"}));
            }
            let id = request.path[TRANSACTIONS.len()..].parse().unwrap();
            taken.lock().unwrap().push(Transaction { id, body: request.body.clone() });
            (200, json!({}))
        });
        service
    }

    /// Has every request whose path begins like this answered by `answering`, from now on.
    pub(crate) fn answer(
        &self,
        path: &str,
        answering: impl Fn(&Received) -> (u16, Value) + Send + Sync + 'static,
    ) {
        self.answers.answer(path, move |request| {
            assert_eq!(request.authorization, format!("Bearer {HS_TOKEN}"));
            answering(request)
        });
    }

    /// The requests so far whose path begins like this.
    pub(crate) fn received(&self, path: &str) -> Vec<Received> {
        self.answers.received(path)
    }

    /// Takes no transactions any more.
    pub(crate) fn go_away(&self) {
        self.away.store(true, Ordering::SeqCst);
    }

    /// Takes transactions again.
    pub(crate) fn come_back(&self) {
        self.away.store(false, Ordering::SeqCst);
    }

    /// The transactions that it was sent, whether or not it took them.
    pub(crate) fn offered(&self) -> Vec<Transaction> {
        let offered = self.received(TRANSACTIONS).into_iter().map(|request| Transaction {
            id: request.path[TRANSACTIONS.len()..].parse().unwrap(),
            body: request.body,
        });
        offered.collect()
    }

    /// The transactions that it has taken.
    pub(crate) fn taken(&self) -> Vec<Transaction> {
        self.taken.lock().unwrap().clone()
    }

    /// Everything under this name in the transactions it has taken, in order.
    pub(crate) fn told(&self, name: &str) -> Vec<Value> {
        let lists =
            self.taken().into_iter().filter_map(|transaction| transaction.body[name].as_array().cloned());
        lists.flatten().collect()
    }

    /// The ids of the events it was told of, in order.
    pub(crate) fn event_ids(&self) -> Vec<String> {
        self.told("events").iter().map(|event| event["event_id"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits until it is told of an event, and answers it.
    pub(crate) async fn hears(&self, event_id: &str) -> Value {
        self.is_told("events", &format!("of {event_id}"), |event| event["event_id"] == *event_id).await
    }

    /// Waits until there is something like this under this name in the transactions, and answers it.
    pub(crate) async fn is_told(&self, name: &str, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        eventually(&format!("the service is told {what}"), async || {
            let told = self.told(name);
            told.iter().find(|item| fits(item)).cloned().ok_or_else(|| format!("{told:?}"))
        })
        .await
    }

    /// Waits until it was sent a transaction that it did not take.
    pub(crate) async fn refuses_something(&self) {
        let before = self.offered().len();
        eventually("a transaction comes", async || {
            if self.offered().len() > before { Ok(()) } else { Err("none".to_owned()) }
        })
        .await;
    }
}

async fn serve(listener: TcpListener, answers: Arc<Answers>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        tokio::spawn(Arc::clone(&answers).serve(stream));
    }
}
