//! Delivering to one application service: transaction by transaction, each only after the one before was acknowledged.
//!
//! A service keeps a cursor. What lies behind it is read from the ring of changes, or from the tables where the ring no
//! longer reaches back that far, and becomes a transaction, which is written down before it is sent: it goes again under
//! the same id and with the same events until the service has it, whatever happens to this server meanwhile. Nothing
//! else waits for a service, and nothing is kept in memory for one that is away.
//! <https://spec.matrix.org/v1.19/application-service-api/#pushing-events>

mod device_lists;
mod draft;
mod ephemeral;
mod following;
mod replay;

use std::{sync::Arc, time::Duration};

use kith_store::{
    Error, Position,
    tables::{
        appservices::{APPSERVICE_DELIVERIES, DeliveryRecord, PendingEvent, PendingTransaction},
        to_device::TO_DEVICE,
    },
};
use serde_json::value::RawValue;

use self::{draft::Draft, following::Following};
use crate::{Bridges, Service};

/// How long is waited when the store fails, in milliseconds.
const STORE_RETRY_MS: u64 = 5_000;
/// How long a service is left alone that did not take a transaction, in milliseconds; doubled each time, up to the
/// second.
const RETRY_MIN_MS: u64 = 1_000;
const RETRY_MAX_MS: u64 = 300_000;
/// How far the cursor on disk may lie back where nothing concerns the service: that far a restart looks again.
const FLUSH_POSITIONS: u64 = 10_000;
/// How many transaction ids are set aside at a time for what need not be written down; a restart skips at most this
/// many.
const IDS_RESERVED: u64 = 1_000;

/// Delivers to one service.
pub(crate) struct Delivery {
    bridges: Arc<Bridges>,
    service: Arc<Service>,
    /// What is on disk.
    record: DeliveryRecord,
    /// Up to here everything that concerns the service has been delivered.
    cursor: Position,
    last_id: u64,
    following: Following,
    /// How often the service did not take what it was sent since it last did.
    failures: u32,
}

/// A transaction that is ready to go.
struct Ready {
    id: u64,
    body: String,
    /// It goes again until the service has it; otherwise it holds only what passes.
    lasting: bool,
}

/// What became of a transaction.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Taken,
    /// It held only what passes, and has passed.
    Passed,
    /// The server stops.
    Stopped,
}

impl Delivery {
    pub(crate) fn new(bridges: Arc<Bridges>, service: Arc<Service>) -> Self {
        Self {
            bridges,
            service,
            record: DeliveryRecord::default(),
            cursor: Position::START,
            last_id: 0,
            following: Following::default(),
            failures: 0,
        }
    }

    /// Delivers until the server stops.
    pub(crate) async fn run(mut self) {
        let stopping = self.bridges.tasks.stopping();
        let mut visible = self.bridges.store.changes().subscribe();
        let mut loaded = false;
        while !stopping.is_cancelled() {
            visible.borrow_and_update();
            let (back, prepared) = self.blocking(move |delivery| delivery.prepare_from(loaded)).await;
            self = back;
            match prepared {
                Ok(Some(ready)) => {
                    loaded = true;
                    let outcome = self.hand_over(&ready).await;
                    let (back, settled) =
                        self.blocking(move |delivery| delivery.settle(&ready, outcome)).await;
                    self = back;
                    if let Err(error) = settled {
                        self.put_off(&error).await;
                    }
                }
                Ok(None) => {
                    loaded = true;
                    tokio::select! {
                        () = stopping.cancelled() => {}
                        changed = visible.changed() => if changed.is_err() { break },
                    }
                }
                Err(error) => self.put_off(&error).await,
            }
        }
        let (back, saved) = self.blocking(|delivery| delivery.save_at_the_end()).await;
        if let Err(error) = saved {
            tracing::error!(service = back.name(), %error, "how far delivery has come could not be noted");
        }
    }

    /// Works on the blocking pool.
    async fn blocking<R: Send + 'static>(
        mut self,
        work: impl FnOnce(&mut Self) -> R + Send + 'static,
    ) -> (Self, R) {
        let tasks = self.bridges.tasks.clone();
        let work = move || {
            let result = work(&mut self);
            (self, result)
        };
        tasks.blocking(work).await
    }

    async fn put_off(&self, error: &Error) {
        tracing::error!(service = self.name(), %error, "delivering to an application service is put off");
        self.rest(STORE_RETRY_MS).await;
    }

    /// Waits, unless the server stops or the service is heard from.
    async fn rest(&self, wait_ms: u64) {
        let stopping = self.bridges.tasks.stopping();
        tokio::select! {
            () = stopping.cancelled() => {}
            () = self.service.heard.notified() => {}
            () = tokio::time::sleep(Duration::from_millis(wait_ms)) => {}
        }
    }

    fn prepare_from(&mut self, loaded: bool) -> Result<Option<Ready>, Error> {
        if !loaded {
            self.load()?;
        }
        let prepared = self.prepare();
        if prepared.is_err() {
            // What was taken out of it went nowhere.
            self.following.forget();
        }
        prepared
    }

    /// Reads how far delivery had come. A service that is new hears of what happens from now on.
    fn load(&mut self) -> Result<(), Error> {
        let store = &self.bridges.store;
        let id = &self.service.registration.id;
        match APPSERVICE_DELIVERIES.get(store.engine(), id)? {
            Some(record) => self.record = record,
            None => self.write(DeliveryRecord { cursor: store.visible(), ..DeliveryRecord::default() })?,
        }
        self.cursor = self.record.cursor;
        self.last_id = self.record.ids_used;
        Ok(())
    }

    /// The next transaction; `None` if the service has heard everything.
    fn prepare(&mut self) -> Result<Option<Ready>, Error> {
        if let Some(pending) = &self.record.pending {
            return self.ready(pending).map(Some);
        }
        loop {
            if !self.following.look(&self.bridges, &self.service, self.cursor)? {
                return Ok(None);
            }
            let mut draft = Draft::new(&self.bridges, &self.service);
            let reached = self.following.fill(&mut draft)?;
            if draft.is_empty() {
                self.cursor = reached;
                if reached.0.saturating_sub(self.record.cursor.0) > FLUSH_POSITIONS {
                    self.write(DeliveryRecord { cursor: reached, ..self.record.clone() })?;
                }
                continue;
            }
            let lasting = draft.is_lasting();
            let pending = PendingTransaction { id: self.last_id + 1, until: reached, ..draft.finish()? };
            self.set_aside(&pending, lasting)?;
            self.last_id = pending.id;
            if !lasting {
                self.cursor = reached;
            }
            return Ok(Some(Ready { lasting, ..self.ready(&pending)? }));
        }
    }

    /// Sees to it that the service will never see the same id on anything else, before it sees it on this.
    fn set_aside(&mut self, pending: &PendingTransaction, lasting: bool) -> Result<(), Error> {
        let ids_used = self.record.ids_used.max(pending.id);
        if lasting {
            let pending = Some(pending.clone());
            return self.write(DeliveryRecord { cursor: self.cursor, ids_used, pending });
        }
        if ids_used > self.record.ids_used {
            self.write(DeliveryRecord { ids_used: ids_used + IDS_RESERVED, ..self.record.clone() })?;
        }
        Ok(())
    }

    fn ready(&self, pending: &PendingTransaction) -> Result<Ready, Error> {
        let mut texts: Vec<Box<RawValue>> = Vec::with_capacity(pending.events.len());
        for event in &pending.events {
            match event {
                // An event that was purged meanwhile is not missed.
                PendingEvent::Stored(event) => match self.bridges.rooms.render_whole(*event) {
                    Ok(text) => texts.extend(text),
                    Err(error @ (Error::Corrupt { .. } | Error::Missing { .. })) => {
                        tracing::error!(service = self.name(), %error, "an event is not sent to an application service");
                    }
                    Err(error) => return Err(error),
                },
                PendingEvent::Text(text) => texts.extend(RawValue::from_string(text.clone()).ok()),
            }
        }
        let events = serde_json::to_string(&texts).expect("JSON texts can be written");
        let body = format!("{{\"events\":{events}{}}}", pending.others);
        Ok(Ready { id: pending.id, body, lasting: true })
    }

    /// Sends a transaction until the service has it; once, if it holds only what passes.
    async fn hand_over(&mut self, ready: &Ready) -> Outcome {
        let stopping = self.bridges.tasks.stopping();
        loop {
            let pushed = tokio::select! {
                biased;
                () = stopping.cancelled() => return Outcome::Stopped,
                pushed = self.bridges.client.push(&self.service, ready.id, &ready.body) => pushed,
            };
            let outcome = if pushed.is_ok() { "acknowledged" } else { "failed" };
            metrics::counter!("kith_appservice_transactions_total", "outcome" => outcome).increment(1);
            let Err(error) = pushed else {
                if self.failures > 0 {
                    tracing::info!(service = self.name(), "an application service takes transactions again");
                }
                self.failures = 0;
                return Outcome::Taken;
            };
            if self.failures == 0 {
                tracing::warn!(service = self.name(), %error, "an application service does not take a transaction");
            } else {
                tracing::debug!(service = self.name(), %error, "an application service still takes no transactions");
            }
            // It may take long: what was read ahead is read again.
            self.following.forget();
            let wait_ms = (RETRY_MIN_MS << self.failures.min(20)).min(RETRY_MAX_MS);
            self.failures = self.failures.saturating_add(1);
            self.rest(wait_ms + self.bridges.random.below(wait_ms / 4)).await;
            if !ready.lasting {
                return Outcome::Passed;
            }
        }
    }

    fn settle(&mut self, ready: &Ready, outcome: Outcome) -> Result<(), Error> {
        if !ready.lasting || outcome != Outcome::Taken {
            return Ok(());
        }
        let Some(taken) = self.record.pending.take() else { return Ok(()) };
        self.cursor = taken.until;
        self.record.cursor = taken.until;
        metrics::counter!("kith_appservice_events_total").increment(taken.events.len() as u64);
        let store = &self.bridges.store;
        let mut txn = store.begin();
        for message in &taken.to_device {
            TO_DEVICE.delete(&mut txn.batch, message);
        }
        APPSERVICE_DELIVERIES.put(&mut txn.batch, &self.service.registration.id, &self.record);
        // Nothing waits for the disk: if a crash undoes this, the service is told twice, and knows it by the id.
        drop(store.commit(txn)?);
        Ok(())
    }

    fn save_at_the_end(&mut self) -> Result<(), Error> {
        if self.last_id == 0 && self.record == DeliveryRecord::default() {
            // It never came to begin.
            return Ok(());
        }
        let cursor = if self.record.pending.is_some() { self.record.cursor } else { self.cursor };
        // Ids that were set aside and not used are not skipped.
        self.write(DeliveryRecord { cursor, ids_used: self.last_id, pending: self.record.pending.clone() })
    }

    fn write(&mut self, record: DeliveryRecord) -> Result<(), Error> {
        let store = &self.bridges.store;
        let mut txn = store.begin();
        APPSERVICE_DELIVERIES.put(&mut txn.batch, &self.service.registration.id, &record);
        store.commit_durably(txn)?;
        self.record = record;
        Ok(())
    }

    fn name(&self) -> &str {
        &self.service.registration.id
    }
}
