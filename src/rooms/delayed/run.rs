//! Sending delayed events when their time has come.

use std::{sync::Arc, time::Duration};

use kith_store::{
    Direction, Error,
    tables::delayed::{DELAYED_DUE, DELAYED_EVENTS, DelayedOutcome},
};

use super::DelayError;
use crate::{Rooms, WriteError, membership::MembershipError, send::SendError};

/// How long the longest wait is, should a wake-up be lost.
const LOOK_INTERVAL: Duration = Duration::from_secs(60);
/// When something is tried again that the server could not do, in milliseconds.
const RETRY_MS: u64 = 2_000;
/// How many events are sent before it is looked whether the server stops.
const SENT_AT_ONCE_MAX: usize = 50;

/// Whether to look again, and when.
enum Next {
    Now,
    At(u64),
    Never,
}

impl Rooms {
    /// Sends delayed events until the server stops.
    pub fn start_delayed_events(self: &Arc<Self>) {
        let rooms = Arc::clone(self);
        self.tasks.spawn("delayed events", async move { rooms.send_delayed_events().await });
    }

    async fn send_delayed_events(self: Arc<Self>) {
        let stopping = self.tasks.stopping();
        loop {
            let rooms = Arc::clone(&self);
            let wait = match self.tasks.blocking(move || rooms.send_due()).await {
                Ok(Next::Now) => Duration::ZERO,
                Ok(Next::At(due_ms)) => {
                    Duration::from_millis(due_ms.saturating_sub(self.clock.now_ms())).min(LOOK_INTERVAL)
                }
                Ok(Next::Never) => LOOK_INTERVAL,
                Err(error) => {
                    tracing::error!(%error, "delayed events could not be sent and will be tried again");
                    Duration::from_millis(RETRY_MS)
                }
            };
            tokio::select! {
                () = stopping.cancelled() => return,
                () = self.delaying.replanned.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    fn send_due(&self) -> Result<Next, Error> {
        let now_ms = self.clock.now_ms();
        for (index, row) in DELAYED_DUE.scan(self.store.engine(), &(), Direction::Forward).enumerate() {
            let ((due_ms, delay_id), ()) = row?;
            if due_ms > now_ms {
                return Ok(Next::At(due_ms));
            }
            if index == SENT_AT_ONCE_MAX {
                return Ok(Next::Now);
            }
            self.send_in_time(due_ms, &delay_id)?;
        }
        Ok(Next::Never)
    }

    fn send_in_time(&self, due_ms: u64, delay_id: &str) -> Result<(), Error> {
        let record = DELAYED_EVENTS.get(self.store.engine(), &delay_id.to_owned())?;
        // It may have been put off again, or have ended, since its row was read.
        let Some(record) = record.filter(|record| record.end.is_none() && record.due_ms == due_ms) else {
            return Ok(());
        };
        let outcome = match self.send_delayed(delay_id, &record) {
            Ok(event_id) => DelayedOutcome::Sent(event_id.to_string()),
            Err(error) => match weigh(&error) {
                Weight::Passing => return self.put_off(due_ms, delay_id),
                Weight::Final { forbidden } => {
                    DelayedOutcome::Failed { forbidden, reason: error.to_string() }
                }
            },
        };
        match self.end_delayed(delay_id, false, outcome) {
            Err(DelayError::Send(SendError::Write(WriteError::Store(error)))) => Err(error),
            _ => Ok(()),
        }
    }

    /// The room was too busy, or the disk failed: in a moment again.
    fn put_off(&self, due_ms: u64, delay_id: &str) -> Result<(), Error> {
        let _changing = self.delaying.changing.lock();
        let key = delay_id.to_owned();
        let record = DELAYED_EVENTS.get(self.store.engine(), &key)?;
        let Some(mut record) = record.filter(|record| record.end.is_none() && record.due_ms == due_ms) else {
            return Ok(());
        };
        let mut txn = self.store.begin();
        DELAYED_DUE.delete(&mut txn.batch, &(due_ms, key.clone()));
        record.due_ms = self.clock.now_ms().saturating_add(RETRY_MS);
        DELAYED_DUE.put(&mut txn.batch, &(record.due_ms, key.clone()), &());
        DELAYED_EVENTS.put(&mut txn.batch, &key, &record);
        drop(self.store.commit(txn)?);
        Ok(())
    }
}

/// Whether another try may do better.
enum Weight {
    Passing,
    Final { forbidden: bool },
}

fn weigh(error: &SendError) -> Weight {
    match error {
        SendError::Write(error) | SendError::Membership(MembershipError::Write(error)) => match error {
            WriteError::Store(_) | WriteError::Busy => Weight::Passing,
            WriteError::Refused(_) | WriteError::Suspended => Weight::Final { forbidden: true },
            WriteError::TooLarge(_) | WriteError::Malformed(_) | WriteError::Unresolvable(_) => {
                Weight::Final { forbidden: false }
            }
        },
        SendError::Membership(_) => Weight::Final { forbidden: true },
        SendError::DuplicateReaction
        | SendError::ThreadInThread
        | SendError::BadAlias(_)
        | SendError::NotFound
        | SendError::Invalid(_) => Weight::Final { forbidden: false },
    }
}
