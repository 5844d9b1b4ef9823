//! Delivering to other servers: no row per event and destination.
//!
//! One task follows the ring of changes and notes for each server concerned what it is to be told
//! ([`destinations`], in memory and bounded). One task per server with something to be told makes transactions of it,
//! one at a time. One cursor is common to all servers that keep up; one that cannot be reached gets a row with a
//! cursor of its own, and what it misses is read from the tables when it is there again ([`catch_up`]).

mod audience;
mod catch_up;
mod cursor;
mod deliver;
mod destinations;
mod dispatch;
mod draft;
mod edus;
mod package;
mod passing;
mod queue;
mod replay;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use kith_base::{Clock, Random, Tasks};
use kith_config::Config;
use kith_rooms::Rooms;
use kith_store::{Error, ServerSid, Store};
use parking_lot::Mutex;
use ruma::ServerName;
use tokio::sync::{Notify, Semaphore, broadcast::error::RecvError};

use self::{audience::Audiences, cursor::Written, destinations::Destinations, passing::Happening};
use crate::courier::Courier;

/// To how many servers that keep up is delivered at the same time.
const DELIVERIES_MAX: usize = 100;
/// To how many servers that are behind is delivered at the same time: those that do not answer must not keep the
/// others waiting.
const CATCHING_UP_MAX: usize = 40;
/// How long is waited when the store fails, in milliseconds.
const STORE_RETRY_MS: u64 = 5_000;
/// How long is waited, at the end, for deliveries to note what they have not delivered.
const STOP_WAIT: Duration = Duration::from_secs(2);
const STOP_LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// What the sender is made of.
pub(crate) struct SenderParts {
    pub(crate) store: Arc<Store>,
    pub(crate) rooms: Arc<Rooms>,
    pub(crate) config: Arc<Config>,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) tasks: Tasks,
    pub(crate) courier: Arc<dyn Courier>,
}

/// Delivers to other servers.
pub(crate) struct Sender {
    store: Arc<Store>,
    rooms: Arc<Rooms>,
    config: Arc<Config>,
    clock: Clock,
    random: Random,
    tasks: Tasks,
    courier: Arc<dyn Courier>,
    audiences: Audiences,
    destinations: Mutex<Destinations>,
    happening: Mutex<Happening>,
    written: Mutex<Written>,
    /// The plan of when to try whom has changed.
    replanned: Notify,
    deliveries: Semaphore,
    catching_up: Semaphore,
}

impl Sender {
    pub(crate) fn new(parts: SenderParts) -> Result<Arc<Self>, Error> {
        let audiences = Audiences::new(Arc::clone(&parts.store), Arc::clone(&parts.rooms))?;
        Ok(Arc::new(Self {
            store: parts.store,
            rooms: parts.rooms,
            config: parts.config,
            clock: parts.clock,
            random: parts.random,
            tasks: parts.tasks,
            courier: parts.courier,
            audiences,
            destinations: Mutex::default(),
            happening: Mutex::default(),
            written: Mutex::default(),
            replanned: Notify::new(),
            deliveries: Semaphore::new(DELIVERIES_MAX),
            catching_up: Semaphore::new(CATCHING_UP_MAX),
        }))
    }

    /// Delivers until the server stops.
    pub(crate) fn start(self: &Arc<Self>) {
        let sender = Arc::clone(self);
        self.tasks.spawn("federation sender", async move { sender.run().await });
    }

    /// A server that was away is there again: it is tried at once.
    fn returned(self: &Arc<Self>, server: &ServerName) {
        // Whoever was never seen is not away.
        let Ok(Some(server)) = self.store.ids().find_server(server) else { return };
        let begin = self.destinations.lock().wake(server);
        if begin {
            self.begin([server]);
        }
    }

    async fn run(self: Arc<Self>) {
        if !self.recover().await {
            return;
        }
        let stopping = self.tasks.stopping();
        let mut visible = self.store.changes().subscribe();
        visible.mark_changed();
        let mut returns = self.courier.returns();
        let mut flush = every(cursor::FLUSH_INTERVAL);
        let mut presence = every(passing::PRESENCE_INTERVAL);
        let mut presence_again = every(passing::PRESENCE_AGAIN_INTERVAL);
        let mut typing_again = every(passing::TYPING_AGAIN_INTERVAL);
        loop {
            let due = self.until_due();
            tokio::select! {
                () = stopping.cancelled() => break,
                changed = visible.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    self.attempt("following what happens", Self::follow).await;
                }
                _ = flush.tick() => {
                    self.attempt("writing how far delivery has come", |sender| sender.flush().map(|()| Vec::new())).await;
                }
                _ = presence.tick() => self.attempt("telling of presence", Self::tell_presence).await,
                _ = presence_again.tick() => self.tell_presence_again(),
                _ = typing_again.tick() => self.attempt("telling of typing", Self::tell_typing_again).await,
                () = tokio::time::sleep(due) => {
                    let due = self.destinations.lock().take_due(self.clock.now_ms());
                    self.begin(due);
                }
                returned = returns.recv() => match returned {
                    Ok(server) => self.returned(&server),
                    // Too many at once to hear of each; they are tried when their time comes.
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => break,
                },
                () = self.replanned.notified() => {}
            }
        }
        self.end().await;
    }

    /// Reads what was not delivered when the server stopped. False if the server stops meanwhile.
    async fn recover(self: &Arc<Self>) -> bool {
        let stopping = self.tasks.stopping();
        loop {
            let sender = Arc::clone(self);
            let Err(error) = self.tasks.blocking(move || sender.load()).await else { return true };
            tracing::error!(%error, "delivering to other servers cannot begin and will be tried again");
            tokio::select! {
                () = stopping.cancelled() => return false,
                () = tokio::time::sleep(Duration::from_millis(STORE_RETRY_MS)) => {}
            }
        }
    }

    /// Does something that reads the store, and begins to deliver to whom that concerns.
    async fn attempt(
        self: &Arc<Self>,
        what: &'static str,
        work: impl FnOnce(&Self) -> Result<Vec<ServerSid>, Error> + Send + 'static,
    ) {
        let sender = Arc::clone(self);
        match self.tasks.blocking(move || work(&sender)).await {
            Ok(servers) => self.begin(servers),
            Err(error) => {
                // What could not be looked at now is looked at with the next change.
                tracing::error!(%error, "{what} failed");
            }
        }
    }

    /// Starts a delivery for each of the servers, which have been marked as running.
    fn begin(self: &Arc<Self>, servers: impl IntoIterator<Item = ServerSid>) {
        for server in servers {
            let sender = Arc::clone(self);
            self.tasks.spawn("federation delivery", async move { sender.deliver(server).await });
        }
    }

    fn until_due(&self) -> Duration {
        let due_ms = self.destinations.lock().next_due_ms();
        let now_ms = self.clock.now_ms();
        due_ms
            .map_or(Duration::from_secs(3_600), |due_ms| Duration::from_millis(due_ms.saturating_sub(now_ms)))
    }

    /// The deliveries note what is left, and so does this.
    async fn end(self: &Arc<Self>) {
        let look = async {
            while self.destinations.lock().any_running() {
                tokio::time::sleep(STOP_LOOK_INTERVAL).await;
            }
        };
        if tokio::time::timeout(STOP_WAIT, look).await.is_err() {
            tracing::warn!("some deliveries to other servers did not end in time and will be repeated");
        }
        self.attempt("noting what is not delivered", |sender| sender.flush_at_the_end().map(|()| Vec::new()))
            .await;
    }
}

fn every(interval: Duration) -> tokio::time::Interval {
    let mut interval = tokio::time::interval(interval);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    interval
}
