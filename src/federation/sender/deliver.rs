//! Delivering to one server: transaction by transaction, each only after the one before was acknowledged.
//! <https://spec.matrix.org/v1.19/server-server-api/#transactions>

use std::sync::Arc;

use kith_store::{
    Error, ServerSid,
    tables::{
        destinations::{DESTINATIONS, OWED_EVENTS},
        outbox::OUTBOX,
    },
};

use ruma::OwnedServerName;

use super::{
    STORE_RETRY_MS, Sender, draft,
    package::{Package, Ready},
    queue::{Move, Passing, Queued, Standing},
};
use crate::courier::Delivery;

/// How long a server is left alone that answers, but not as it should, in milliseconds; doubled each time, up to the
/// second. Who does not answer at all is left alone by those who know more about it.
const UNWILLING_MIN_MS: u64 = 5_000;
const UNWILLING_MAX_MS: u64 = 3_600_000;

/// What comes after a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    /// The next one.
    GoOn,
    /// A rest until a time, in unix milliseconds; none if the server stops.
    Rest(Option<u64>),
}

impl Sender {
    /// Delivers to a server until it has heard everything or cannot be reached.
    pub(super) async fn deliver(self: Arc<Self>, server: ServerSid) {
        let stopping = self.tasks.stopping();
        loop {
            let behind =
                self.destinations.lock().get(server).is_some_and(|destination| destination.has_row());
            let turns = if behind { &self.catching_up } else { &self.deliveries };
            let turn = tokio::select! {
                biased;
                () = stopping.cancelled() => return self.rest(server, None),
                turn = turns.acquire() => turn,
            };
            let sender = Arc::clone(&self);
            let (name, Ready { package, body }) =
                match self.tasks.blocking(move || sender.prepare(server)).await {
                    Ok(Some(ready)) => ready,
                    Ok(None) => return,
                    Err(error) => return self.give_up(server, &error),
                };
            let delivery = tokio::select! {
                biased;
                () = stopping.cancelled() => None,
                delivery = self.courier.carry(&name, &package.transaction.id, body) => {
                    Some(delivery)
                }
            };
            drop(turn);
            let sender = Arc::clone(&self);
            let settled = self.tasks.blocking(move || sender.settle(server, &package, delivery)).await;
            match settled {
                Ok(After::GoOn) => {}
                Ok(After::Rest(until_ms)) => return self.rest(server, until_ms),
                Err(error) => return self.give_up(server, &error),
            }
        }
    }

    /// The next transaction for a server; `None` if it has heard everything.
    fn prepare(&self, server: ServerSid) -> Result<Option<(OwnedServerName, Ready)>, Error> {
        loop {
            let next = self.destinations.lock().get(server).map(|destination| destination.next());
            let package = match next {
                None => return Ok(None),
                Some(Move::Fall { cursor }) => {
                    self.put_row(server, cursor, None)?;
                    self.change(server, |destination| destination.fall_behind());
                    None
                }
                Some(Move::Read) => self.read_missed(server)?,
                Some(Move::Advance { cursor }) => {
                    self.put_row(server, cursor, None)?;
                    self.change(server, |destination| destination.standing = Standing::Behind);
                    None
                }
                Some(Move::Send) => self.draft_next(server)?,
                Some(Move::Finish) => {
                    if self.finish(server)? {
                        return Ok(None);
                    }
                    None
                }
            };
            if let Some(package) = package {
                let name = self.store.ids().server_name(server)?;
                return Ok(Some((name, package.ready(&self.rooms, self.clock.now_ms())?)));
            }
        }
    }

    /// A transaction of what is queued; `None` if it has become pointless to tell.
    fn draft_next(&self, server: ServerSid) -> Result<Option<Package>, Error> {
        let (queued, passing): (Vec<Queued>, Passing) = {
            let mut destinations = self.destinations.lock();
            let Some(destination) = destinations.get(server) else { return Ok(None) };
            let at_once = if destination.one_by_one { 1 } else { draft::QUEUED_MAX };
            let queued = destination.queue.iter().take(at_once).copied().collect();
            let passing = std::mem::take(&mut destination.passing);
            // Whoever refuses something is not tried with more than has to be.
            (queued, if destination.one_by_one { Passing::default() } else { passing })
        };
        let package = self.draft(server, &queued, &passing)?;
        if package.len() > 0 {
            return Ok(Some(package));
        }
        self.forget_rows(server, &package)?;
        self.change(server, |destination| destination.delivered(package.until()));
        Ok(None)
    }

    /// Looks up what a server missed: the transaction it has not acknowledged, or else whatever happened since.
    fn read_missed(&self, server: ServerSid) -> Result<Option<Package>, Error> {
        let Some(record) = DESTINATIONS.get(self.store.engine(), &server)? else {
            self.change(server, |destination| destination.standing = Standing::InStep);
            return Ok(None);
        };
        if let Some(transaction) = record.unacknowledged {
            return Ok(Some(Package::again(transaction)));
        }
        let (until, outgoing) = {
            let mut destinations = self.destinations.lock();
            let looked_at = (destinations.seen(), destinations.outgoing().clone());
            // From here on what happens is queued; it comes behind what is read.
            if let Some(destination) = destinations.get(server) {
                destination.standing = Standing::CatchingUp;
            }
            looked_at
        };
        metrics::counter!("kith_federation_catch_ups_total").increment(1);
        match self.missed(server, record.cursor, until, &outgoing) {
            Ok(missed) => {
                let complete = missed.until == until;
                self.change(server, |destination| destination.missed(missed.items, missed.until, complete));
                Ok(None)
            }
            Err(error) => {
                self.change(server, |destination| destination.fall_behind());
                Err(error)
            }
        }
    }

    /// A server has heard everything. False if something has happened meanwhile.
    fn finish(&self, server: ServerSid) -> Result<bool, Error> {
        let had_row = {
            let mut destinations = self.destinations.lock();
            let Some(destination) = destinations.get(server) else { return Ok(true) };
            if destination.next() != Move::Finish {
                return Ok(false);
            }
            let had_row = destination.has_row();
            destination.standing = Standing::InStep;
            if !had_row {
                destinations.remove(server);
                return Ok(true);
            }
            had_row
        };
        debug_assert!(had_row, "who has none is gone already");
        let mut txn = self.store.begin();
        DESTINATIONS.delete(&mut txn.batch, &server);
        // Should a crash undo this, the server is told some things twice.
        drop(self.store.commit(txn)?);
        Ok(false)
    }

    /// Notes what became of a transaction; no answer means that the server stops.
    fn settle(
        &self,
        server: ServerSid,
        package: &Package,
        delivery: Option<Delivery>,
    ) -> Result<After, Error> {
        let outcome = match &delivery {
            Some(Delivery::Acknowledged) => "acknowledged",
            Some(Delivery::Refused(_)) => "refused",
            Some(Delivery::Failed { .. }) => "failed",
            None => "stopped",
        };
        metrics::counter!("kith_federation_transactions_total", "outcome" => outcome).increment(1);
        match delivery {
            Some(Delivery::Acknowledged) => self.acknowledged(server, package),
            Some(Delivery::Refused(reason)) => self.refused(server, package, &reason),
            Some(Delivery::Failed { retry_at_ms, reason }) => {
                let retry_at_ms = retry_at_ms.unwrap_or_else(|| self.unwilling(server));
                tracing::debug!(server = self.name_of(server), %reason, "a transaction was not delivered");
                self.fall_behind(server, package)?;
                Ok(After::Rest(Some(retry_at_ms)))
            }
            None => {
                self.fall_behind(server, package)?;
                Ok(After::Rest(None))
            }
        }
    }

    fn acknowledged(&self, server: ServerSid, package: &Package) -> Result<After, Error> {
        self.forget_rows(server, package)?;
        if package.is_again {
            self.put_row(server, package.until(), None)?;
        }
        let moved_on = self.change(server, |destination| {
            destination.failures = 0;
            destination.delivered(package.until());
            destination.has_row()
        });
        // A row that is read again must not go back behind what was just delivered.
        if moved_on == Some(true) && !package.is_again && package.is_lasting() {
            self.put_row(server, package.until(), None)?;
        }
        Ok(After::GoOn)
    }

    /// A server will never take this: everything in it goes alone, until only what is refused is left, and is let go.
    fn refused(&self, server: ServerSid, package: &Package, reason: &str) -> Result<After, Error> {
        if package.len() == 1 {
            let name = self.name_of(server);
            tracing::warn!(server = name, %reason, transaction = ?package.transaction, "a server takes no such thing");
            return self.acknowledged(server, package);
        }
        if package.is_again
            && let Some(record) = DESTINATIONS.get(self.store.engine(), &server)?
        {
            self.put_row(server, record.cursor, None)?;
        }
        self.change(server, |destination| destination.one_by_one = true);
        Ok(After::GoOn)
    }

    /// A server cannot be reached: what it misses is read from the tables later, after what it did not acknowledge.
    fn fall_behind(&self, server: ServerSid, package: &Package) -> Result<(), Error> {
        let cursor = {
            let mut destinations = self.destinations.lock();
            let seen = destinations.seen();
            let Some(destination) = destinations.get(server) else { return Ok(()) };
            destination.passing = Passing::default();
            destination.cursor(seen)
        };
        // Nothing that lasts: the server is not behind, it only could not be told what passes.
        let Some(cursor) = cursor.filter(|_| !package.is_again) else { return Ok(()) };
        self.put_row(server, cursor, package.is_lasting().then(|| package.transaction.clone()))?;
        self.change(server, |destination| destination.fall_behind());
        Ok(())
    }

    /// Removes the rows that were kept for a server until it had acknowledged them.
    fn forget_rows(&self, server: ServerSid, package: &Package) -> Result<(), Error> {
        let (outbox, owed) = (&package.transaction.outbox, &package.transaction.owed);
        if outbox.is_empty() && owed.is_empty() {
            return Ok(());
        }
        let mut txn = self.store.begin();
        outbox.iter().for_each(|position| OUTBOX.delete(&mut txn.batch, &(server, *position)));
        owed.iter().for_each(|position| OWED_EVENTS.delete(&mut txn.batch, &(server, *position)));
        // Should a crash undo this, the server is told twice, and knows it by the ids.
        drop(self.store.commit(txn)?);
        Ok(())
    }

    /// When a server that answers, but not as it should, is tried again.
    fn unwilling(&self, server: ServerSid) -> u64 {
        let failures = self.change(server, |destination| {
            destination.failures = destination.failures.saturating_add(1);
            destination.failures
        });
        let doublings = failures.unwrap_or(1).saturating_sub(1).min(20);
        let wait_ms = (UNWILLING_MIN_MS << doublings).min(UNWILLING_MAX_MS);
        self.clock.now_ms() + wait_ms + self.random.below(wait_ms / 4)
    }

    /// Nobody delivers to a server any more, until a time or until it is heard from.
    fn rest(&self, server: ServerSid, until_ms: Option<u64>) {
        let mut destinations = self.destinations.lock();
        let Some(destination) = destinations.get(server) else { return };
        destination.running = false;
        if destination.standing == Standing::InStep && destination.queue.is_empty() {
            destinations.remove(server);
        } else if let Some(until_ms) = until_ms {
            destinations.plan(server, until_ms);
        }
        drop(destinations);
        self.replanned.notify_one();
    }

    fn give_up(&self, server: ServerSid, error: &Error) {
        tracing::error!(server = self.name_of(server), %error, "delivering to a server is put off");
        self.rest(server, Some(self.clock.now_ms() + STORE_RETRY_MS));
    }

    fn change<R>(
        &self,
        server: ServerSid,
        change: impl FnOnce(&mut super::queue::Destination) -> R,
    ) -> Option<R> {
        self.destinations.lock().get(server).map(change)
    }

    fn name_of(&self, server: ServerSid) -> String {
        self.store.ids().server_name(server).map_or_else(|_| server.0.to_string(), |name| name.to_string())
    }
}
