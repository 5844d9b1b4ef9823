//! Receiving what other servers deliver: each transaction once, its events room by room, its EDUs to whom they
//! concern.
//!
//! A transaction is answered when everything in it has been dealt with; one that takes long, because much has to be
//! fetched for it, is staged on disk, answered, and dealt with afterwards (`staged`). What was answered is kept, so one
//! that comes again, also after a restart, gets the same answer and is not dealt with again. The work goes on if the
//! other server hangs up meanwhile: when it asks again, it gets what has become of it.
//! <https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv1sendtxnid>

mod answers;
mod edus;
mod intake;
mod pace;
mod pdus;
mod staged;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use futures_util::future::BoxFuture;
use kith_base::{Clock, Tasks};
use kith_config::Config;
use kith_store::{Error, ServerSid, Store};
use parking_lot::Mutex;
use ruma::{OwnedEventId, OwnedServerName};
use serde_json::value::RawValue;
use tokio::sync::{Semaphore, watch};

pub use self::edus::{EduHandler, PresenceUpdate, ReceiptUpdate, TypingUpdate};
use self::pace::Pace;
pub(crate) use self::{
    intake::{Intake, RoomsIntake},
    staged::ANSWER_WAIT,
};

/// How many events a transaction may have.
const EVENTS_MAX: usize = 50;
/// How many EDUs a transaction may have.
const EDUS_MAX: usize = 100;
/// How long a transaction's id may be, in bytes.
const ID_BYTES_MAX: usize = 255;

/// What became of each event: why it was not taken in, if it was not.
pub type Answer = BTreeMap<OwnedEventId, Result<(), String>>;

/// A transaction as it arrived.
#[derive(Clone, Debug)]
pub struct Received {
    /// The server that sent it, which has signed the request.
    pub origin: OwnedServerName,
    /// What the server calls it.
    pub id: String,
    /// The events.
    pub pdus: Vec<Box<RawValue>>,
    /// The EDUs.
    pub edus: Vec<Box<RawValue>>,
}

/// Why a transaction was not taken.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TransactionError {
    /// It has too much in it.
    #[error("a transaction has at most {EVENTS_MAX} events and {EDUS_MAX} EDUs")]
    TooLarge,
    /// Its id is empty or too long.
    #[error("the transaction's id has to have 1 to {ID_BYTES_MAX} bytes")]
    InvalidId,
    /// The server sends too many.
    #[error("too many transactions at once")]
    TooFast {
        /// When it may send the next one, in milliseconds from now.
        retry_after_ms: u64,
    },
    /// It could not be dealt with and should be sent again.
    #[error("the transaction could not be dealt with: {0}")]
    Failed(String),
}

/// What is told to everybody who waits for a transaction.
type Outcome = Option<Result<Answer, TransactionError>>;
/// The transactions that are being dealt with.
type Flights = Mutex<HashMap<(ServerSid, String), watch::Receiver<Outcome>>>;

/// What the inbox is made of.
pub(crate) struct InboxParts {
    pub(crate) store: Arc<Store>,
    pub(crate) clock: Clock,
    pub(crate) tasks: Tasks,
    pub(crate) config: Arc<Config>,
    pub(crate) intake: Arc<dyn Intake>,
    pub(crate) edus: Arc<dyn EduHandler>,
    /// How long a transaction may take before it is answered.
    pub(crate) answer_wait: Duration,
}

/// Receives what other servers deliver.
pub(crate) struct Inbox {
    store: Arc<Store>,
    clock: Clock,
    tasks: Tasks,
    intake: Arc<dyn Intake>,
    edus: Arc<dyn EduHandler>,
    pace: Pace,
    flights: Flights,
    answer_wait: Duration,
    /// How many more transactions may be answered before they have been dealt with.
    places_aside: Semaphore,
}

/// A transaction being dealt with; nobody joins it any more once this is dropped.
struct Flight {
    inbox: Arc<Inbox>,
    key: (ServerSid, String),
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.inbox.flights.lock().remove(&self.key);
    }
}

impl Inbox {
    pub(crate) fn new(parts: InboxParts) -> Arc<Self> {
        let InboxParts { store, clock, tasks, config, intake, edus, answer_wait } = parts;
        let pace = Pace::new(clock.clone(), &config.rate_limits);
        let places_aside = Semaphore::new(staged::STAGED_MAX);
        let flights = Flights::default();
        Arc::new(Self { store, clock, tasks, intake, edus, pace, flights, answer_wait, places_aside })
    }

    /// Deals with a transaction, or says what became of it when it came before.
    pub(crate) async fn receive(self: &Arc<Self>, received: Received) -> Result<Answer, TransactionError> {
        if received.pdus.len() > EVENTS_MAX || received.edus.len() > EDUS_MAX {
            return Err(TransactionError::TooLarge);
        }
        if received.id.is_empty() || received.id.len() > ID_BYTES_MAX {
            return Err(TransactionError::InvalidId);
        }
        let _turn = self.pace.turn(&received.origin).await?;
        let (store, origin) = (Arc::clone(&self.store), received.origin.clone());
        let server = self.tasks.blocking(move || store.ids().server(&origin)).await.map_err(failed)?;
        let mut outcome = self.join(server, received);
        let ended = outcome.wait_for(Option::is_some).await;
        let answer = ended.ok().and_then(|answer| answer.clone());
        answer.unwrap_or_else(|| Err(TransactionError::Failed("it was cut short".to_owned())))
    }

    /// Joins those who wait for this transaction, or begins to deal with it.
    fn join(self: &Arc<Self>, server: ServerSid, received: Received) -> watch::Receiver<Outcome> {
        let key = (server, received.id.clone());
        let (sender, receiver) = watch::channel(None);
        {
            let mut flights = self.flights.lock();
            if let Some(flight) = flights.get(&key) {
                return flight.clone();
            }
            flights.insert(key.clone(), receiver.clone());
        }
        let flight = Flight { inbox: Arc::clone(self), key };
        self.tasks.spawn("federation transaction", async move {
            let told = |answer| {
                sender.send_replace(Some(Ok(answer)));
            };
            let outcome = flight.inbox.deal_with(server, Arc::new(received), told).await.map_err(failed);
            drop(flight);
            sender.send_replace(Some(outcome));
        });
        receiver
    }

    /// Deals with a transaction; tells what is known so far if that takes long.
    async fn deal_with(
        self: &Arc<Self>,
        server: ServerSid,
        received: Arc<Received>,
        tell: impl FnOnce(Answer),
    ) -> Result<Answer, Error> {
        let (inbox, id) = (Arc::clone(self), received.id.clone());
        if let Some(answer) = self.tasks.blocking(move || inbox.find_answer(server, &id)).await? {
            return Ok(answer);
        }
        metrics::counter!("kith_federation_received_transactions_total").increment(1);
        let answer = Mutex::default();
        if !self.work_or_set_aside(server, &received, &answer, tell).await? {
            return Ok(answer.into_inner());
        }
        let answer = answer.into_inner();
        let (inbox, kept) = (Arc::clone(self), answer.clone());
        self.tasks.blocking(move || inbox.keep_answer(server, &received.id, &kept)).await?;
        Ok(answer)
    }

    /// Does what a transaction asks for, and notes in `answer` what becomes of its events.
    fn work<'a>(
        self: &'a Arc<Self>,
        received: &'a Arc<Received>,
        answer: &'a Mutex<Answer>,
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            // Keys for messages are among the EDUs; they need not wait until the events before them have been fetched.
            let events = pdus::take_in(&*self.intake, &received.origin, &received.pdus, answer);
            let (told, taken) = tokio::join!(self.hand_on(Arc::clone(received)), events);
            told.and(taken)
        })
    }

    /// Hands EDUs on, in their order.
    async fn hand_on(self: &Arc<Self>, received: Arc<Received>) -> Result<(), Error> {
        if received.edus.is_empty() {
            return Ok(());
        }
        let inbox = Arc::clone(self);
        self.tasks
            .blocking(move || {
                for edu in &received.edus {
                    edus::hand_on(&*inbox.intake, &*inbox.edus, &received.origin, edu)?;
                }
                Ok(())
            })
            .await
    }
}

fn failed(error: Error) -> TransactionError {
    tracing::error!(%error, "a transaction of another server could not be dealt with");
    TransactionError::Failed("the storage failed".to_owned())
}
