//! Telling users of events by their pushers.
//!
//! One task follows the ring of changes and notes for each pusher concerned what it is to tell ([`desk`], in memory
//! and bounded); who has no pusher costs nothing ([`owners`]). One task per pusher with something to tell sends it,
//! one request at a time ([`serve`]). One cursor is common to all pushers that keep up; one whose gateway cannot be
//! reached gets a row with a cursor of its own, and what it misses is read from the tables when the gateway is there
//! again ([`backlog`]). A user is told at least once; gateways know an event by its id.

mod backlog;
mod badge;
mod cursor;
mod desk;
mod follow;
mod gateway;
mod line;
mod mailing;
mod notification;
mod owners;
mod serve;
mod subject;

use std::{sync::Arc, time::Duration};

use kith_store::{Error, EventSid, Position, RoomSid, UserSid, tables::pushers::PusherKey};
use parking_lot::Mutex;
use ruma::push::Action;
use tokio::sync::{Notify, Semaphore};

use self::{badge::Tallies, cursor::Written, desk::Desk, owners::Audiences};
use crate::Push;

/// To how many pushers that keep up is sent at the same time.
const DELIVERIES_MAX: usize = 100;
/// To how many pushers that are behind is sent at the same time: gateways that do not answer must not keep the others
/// waiting.
const CATCHING_UP_MAX: usize = 40;
/// How long is waited when the store fails, in milliseconds.
const STORE_RETRY_MS: u64 = 5_000;
/// How long is waited, at the end, for deliveries to stop.
const STOP_WAIT: Duration = Duration::from_secs(2);
const STOP_LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// A pusher, wherever one is meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PusherId(Arc<PusherKey>);

impl PusherId {
    fn new(key: PusherKey) -> Self {
        Self(Arc::new(key))
    }

    fn key(&self) -> &PusherKey {
        &self.0
    }

    fn user(&self) -> UserSid {
        self.0.0
    }
}

/// Something that a pusher is to tell.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    /// Where it happened.
    position: Position,
    room: RoomSid,
    event: EventSid,
    /// What the user's rules say.
    actions: Arc<[Action]>,
    /// The event invites the user.
    invite: bool,
}

/// What delivering keeps in memory.
pub(crate) struct Delivery {
    desk: Mutex<Desk>,
    audiences: Audiences,
    tallies: Tallies,
    written: Mutex<Written>,
    /// The plan of when to try whom has changed.
    replanned: Notify,
    deliveries: Semaphore,
    catching_up: Semaphore,
    mails: Semaphore,
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            desk: Mutex::default(),
            audiences: Audiences::default(),
            tallies: Tallies::default(),
            written: Mutex::default(),
            replanned: Notify::new(),
            deliveries: Semaphore::new(DELIVERIES_MAX),
            catching_up: Semaphore::new(CATCHING_UP_MAX),
            mails: Semaphore::new(mailing::MAILS_AT_ONCE_MAX),
        }
    }
}

impl Push {
    pub(crate) async fn deliver_until_stopped(self: Arc<Self>) {
        if !self.recover().await {
            return;
        }
        let stopping = self.tasks.stopping();
        let mut visible = self.store.changes().subscribe();
        visible.mark_changed();
        let mut flush = tokio::time::interval(cursor::FLUSH_INTERVAL);
        flush.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
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
                    self.attempt("writing how far pushers have come", |push| push.flush().map(|()| Vec::new())).await;
                }
                () = tokio::time::sleep(due) => {
                    let now_ms = self.clock.now_ms();
                    let due = self.delivery.desk.lock().take_due(now_ms);
                    self.begin(due);
                    let mails = self.delivery.desk.lock().take_due_mails(now_ms);
                    for id in mails {
                        self.tasks.spawn("mail to a user", Arc::clone(&self).mail(id));
                    }
                }
                () = self.delivery.replanned.notified() => {}
            }
        }
        self.end().await;
    }

    /// Reads what was not told when the server stopped. False if the server stops meanwhile.
    async fn recover(self: &Arc<Self>) -> bool {
        let stopping = self.tasks.stopping();
        loop {
            let push = Arc::clone(self);
            let Err(error) = self.tasks.blocking(move || push.load()).await else { return true };
            tracing::error!(%error, "pushers cannot begin and will be tried again");
            tokio::select! {
                () = stopping.cancelled() => return false,
                () = tokio::time::sleep(Duration::from_millis(STORE_RETRY_MS)) => {}
            }
        }
    }

    /// Does something that reads the store, and begins to serve the pushers which that concerns.
    async fn attempt(
        self: &Arc<Self>,
        what: &'static str,
        work: impl FnOnce(&Self) -> Result<Vec<PusherId>, Error> + Send + 'static,
    ) {
        let push = Arc::clone(self);
        match self.tasks.blocking(move || work(&push)).await {
            Ok(pushers) => self.begin(pushers),
            // What could not be looked at now is looked at with the next change.
            Err(error) => tracing::error!(%error, "{what} failed"),
        }
    }

    /// Starts to serve each of the pushers, which have been marked as served.
    fn begin(self: &Arc<Self>, pushers: Vec<PusherId>) {
        for id in pushers {
            let push = Arc::clone(self);
            self.tasks.spawn("pusher", async move { push.serve(id).await });
        }
    }

    fn until_due(&self) -> Duration {
        let due_ms = self.delivery.desk.lock().next_due_ms();
        let now_ms = self.clock.now_ms();
        due_ms
            .map_or(Duration::from_secs(3_600), |due_ms| Duration::from_millis(due_ms.saturating_sub(now_ms)))
    }

    async fn end(self: &Arc<Self>) {
        let look = async {
            while self.delivery.desk.lock().any_served() {
                tokio::time::sleep(STOP_LOOK_INTERVAL).await;
            }
        };
        if tokio::time::timeout(STOP_WAIT, look).await.is_err() {
            tracing::warn!("some pushers did not end in time and will repeat what they told last");
        }
        self.attempt("noting what is not told", |push| push.flush_at_the_end().map(|()| Vec::new())).await;
    }
}
