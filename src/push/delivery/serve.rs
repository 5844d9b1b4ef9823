//! Serving one pusher: telling what it has to tell, one request after the other, until nothing is left.

use std::sync::Arc;

use kith_store::{
    Error,
    tables::pushers::{BacklogRecord, PUSHERS, PusherKind},
};

use super::{
    PusherId, STORE_RETRY_MS,
    gateway::{Letter, Outcome},
    line::Turn,
};
use crate::Push;

/// How long is waited after a first failure, and how long at most, in milliseconds.
const RETRY_MIN_MS: u64 = 1_000;
const RETRY_MAX_MS: u64 = 60 * 60 * 1_000;
/// By how much of it a wait is made longer at random, so that not all come back at once.
const JITTER_PERCENT: u64 = 20;

impl Push {
    /// Serves a pusher, which has been marked as served.
    pub(super) async fn serve(self: Arc<Self>, id: PusherId) {
        let stopping = self.tasks.stopping();
        loop {
            let behind = self.delivery.desk.lock().is_behind(&id);
            let permits = if behind { &self.delivery.catching_up } else { &self.delivery.deliveries };
            let permit = tokio::select! {
                () = stopping.cancelled() => break,
                permit = permits.acquire() => permit,
            };
            let (push, of) = (Arc::clone(&self), id.clone());
            let letter = match self.tasks.blocking(move || push.next_letter(&of)).await {
                Ok(Some(letter)) => letter,
                Ok(None) => return,
                Err(error) => return self.postpone(&id, &error),
            };
            let outcome = tokio::select! {
                () = stopping.cancelled() => break,
                outcome = self.notify_gateway(&id, &letter) => outcome,
            };
            drop(permit);
            let (push, of) = (Arc::clone(&self), id.clone());
            match self.tasks.blocking(move || push.settle(&of, &letter, &outcome)).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => return self.postpone(&id, &error),
            }
        }
        self.delivery.desk.lock().rest(&id, None);
    }

    /// What the pusher has to send next; none if there is nothing, and nobody serves it any more.
    fn next_letter(&self, id: &PusherId) -> Result<Option<Letter>, Error> {
        loop {
            let record = PUSHERS.get(self.store.engine(), id.key())?;
            let Some(record) = record.filter(|record| record.enabled && record.kind == PusherKind::Http)
            else {
                self.delete_backlog(id)?;
                self.delivery.desk.lock().forget(id);
                return Ok(None);
            };
            // Not in the match below: there the desk would stay locked.
            let turn = self.delivery.desk.lock().turn(id);
            match turn {
                Turn::Read { from, until } => {
                    let notices = self.backlog(id, &record, from, until)?;
                    if let Some(line) = self.delivery.desk.lock().line(id) {
                        line.has_read(until, notices);
                    }
                }
                Turn::Tell(notice) => match self.notification(id, &record, &notice) {
                    Ok(Some(letter)) => return Ok(Some(letter)),
                    Ok(None) => self.is_told(id, &notice),
                    // Damage to one event costs that event.
                    Err(error @ (Error::Corrupt { .. } | Error::Missing { .. })) => {
                        tracing::error!(%error, ?notice, "a user is not told of an event");
                        self.is_told(id, &notice);
                    }
                    Err(error) => return Err(error),
                },
                Turn::CaughtUp => {
                    self.delete_backlog(id)?;
                    if let Some(line) = self.delivery.desk.lock().line(id) {
                        line.row_gone();
                    }
                }
                Turn::Badge => {
                    if let Some(letter) = self.badge(id, &record)? {
                        return Ok(Some(letter));
                    }
                }
                Turn::Done => return Ok(None),
            }
        }
    }

    fn is_told(&self, id: &PusherId, notice: &super::Notice) {
        if let Some(line) = self.delivery.desk.lock().line(id) {
            line.told(notice.position);
        }
    }

    /// Notes what became of a letter. True if the pusher goes on.
    fn settle(&self, id: &PusherId, letter: &Letter, outcome: &Outcome) -> Result<bool, Error> {
        let word = match outcome {
            Outcome::Taken => "taken",
            Outcome::Rejected => "rejected",
            Outcome::Failed(_) => "failed",
        };
        metrics::counter!("kith_push_notifications_total", "outcome" => word).increment(1);
        match outcome {
            Outcome::Taken => {
                self.delivery.written.lock().told = true;
                let mut desk = self.delivery.desk.lock();
                desk.set_badge(id, letter.unread);
                if let Some(line) = desk.line(id) {
                    line.interval_ms = 0;
                    letter.about.inspect(|position| line.told(*position));
                }
                Ok(true)
            }
            Outcome::Rejected => {
                tracing::info!(app_id = id.key().1, "a push gateway does not know a device any more");
                self.remove_pusher(id.key())?;
                self.delivery.desk.lock().forget(id);
                Ok(false)
            }
            Outcome::Failed(reason) => {
                tracing::debug!(url = letter.url, reason, "a push gateway did not take a notification");
                self.fall_behind(id)?;
                Ok(false)
            }
        }
    }

    /// Notes how far a pusher has come whose gateway is away, and when it is tried again.
    fn fall_behind(&self, id: &PusherId) -> Result<(), Error> {
        let (cursor, interval_ms) = {
            let mut desk = self.delivery.desk.lock();
            let seen = desk.seen();
            let Some(line) = desk.line(id) else { return Ok(()) };
            let interval_ms = line.interval_ms.saturating_mul(2).clamp(RETRY_MIN_MS, RETRY_MAX_MS);
            (line.cursor(seen), interval_ms)
        };
        let jitter_ms = self.random.below(interval_ms / 100 * JITTER_PERCENT);
        let retry_at_ms = self.clock.now_ms().saturating_add(interval_ms + jitter_ms);
        self.put_backlog(id, &BacklogRecord { cursor, interval_ms, retry_at_ms })?;
        let mut desk = self.delivery.desk.lock();
        if let Some(line) = desk.line(id) {
            line.interval_ms = interval_ms;
            line.fall_behind(cursor);
        }
        desk.rest(id, Some(retry_at_ms));
        drop(desk);
        self.delivery.replanned.notify_one();
        Ok(())
    }

    fn postpone(&self, id: &PusherId, error: &Error) {
        tracing::error!(%error, "a pusher stops because the store failed, and will be tried again");
        let retry_at_ms = self.clock.now_ms().saturating_add(STORE_RETRY_MS);
        self.delivery.desk.lock().rest(id, Some(retry_at_ms));
        self.delivery.replanned.notify_one();
    }
}
