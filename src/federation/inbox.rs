//! Receiving what other servers deliver: each transaction once, its events room by room, its EDUs to whom they
//! concern.
//!
//! A transaction is answered when everything in it has been dealt with, and what was answered is kept, so one that
//! comes again, also after a restart, gets the same answer and is not dealt with again. The work goes on if the other
//! server hangs up meanwhile: when it asks again, it gets what has become of it.
//! <https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv1sendtxnid>

mod answers;
mod edus;
mod intake;
mod pace;
mod pdus;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use kith_base::{Clock, Tasks};
use kith_config::Config;
use kith_store::{Error, ServerSid, Store};
use parking_lot::Mutex;
use ruma::{OwnedEventId, OwnedServerName, ServerName};
use serde_json::value::RawValue;
use tokio::sync::watch;

pub use self::edus::{EduHandler, PresenceUpdate, ReceiptUpdate, TypingUpdate};
pub(crate) use self::intake::{Intake, RoomsIntake};
use self::pace::Pace;

/// How many events a transaction may have.
const EVENTS_MAX: usize = 50;
/// How many EDUs a transaction may have.
const EDUS_MAX: usize = 100;
/// How long a transaction's id may be, in bytes.
const ID_BYTES_MAX: usize = 255;

/// What became of each event: why it was not taken in, if it was not.
pub type Answer = BTreeMap<OwnedEventId, Result<(), String>>;

/// A transaction as it arrived.
#[derive(Debug)]
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
        let InboxParts { store, clock, tasks, config, intake, edus } = parts;
        let pace = Pace::new(clock.clone(), &config.rate_limits);
        Arc::new(Self { store, clock, tasks, intake, edus, pace, flights: Flights::default() })
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
            let outcome = flight.inbox.deal_with(server, received).await.map_err(failed);
            drop(flight);
            sender.send_replace(Some(outcome));
        });
        receiver
    }

    async fn deal_with(self: &Arc<Self>, server: ServerSid, received: Received) -> Result<Answer, Error> {
        let Received { origin, id, pdus, edus } = received;
        let (inbox, known_id) = (Arc::clone(self), id.clone());
        if let Some(answer) = self.tasks.blocking(move || inbox.find_answer(server, &known_id)).await? {
            return Ok(answer);
        }
        metrics::counter!("kith_federation_received_transactions_total").increment(1);
        // Keys for messages are among the EDUs; they need not wait until the events before them have been fetched.
        let (told, answer) = tokio::join!(self.hand_on(&origin, edus), self.take_in(&origin, pdus));
        told?;
        let answer = answer?;
        let (inbox, kept) = (Arc::clone(self), answer.clone());
        self.tasks.blocking(move || inbox.keep_answer(server, &id, &kept)).await?;
        Ok(answer)
    }

    /// Hands EDUs on, in their order.
    async fn hand_on(self: &Arc<Self>, origin: &ServerName, edus: Vec<Box<RawValue>>) -> Result<(), Error> {
        if edus.is_empty() {
            return Ok(());
        }
        let (inbox, origin) = (Arc::clone(self), origin.to_owned());
        self.tasks
            .blocking(move || {
                edus.iter().try_for_each(|edu| edus::hand_on(&*inbox.intake, &*inbox.edus, &origin, edu))
            })
            .await
    }

    /// Takes events in: rooms beside each other, each room's events in their order.
    async fn take_in(&self, origin: &ServerName, pdus: Vec<Box<RawValue>>) -> Result<Answer, Error> {
        pdus::take_in(&*self.intake, origin, pdus).await
    }
}

fn failed(error: Error) -> TransactionError {
    tracing::error!(%error, "a transaction of another server could not be dealt with");
    TransactionError::Failed("the storage failed".to_owned())
}
