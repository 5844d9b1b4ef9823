//! How far delivery has come, on disk: the cursor common to all servers that keep up, the rows of those that do not,
//! and where the newest outgoing event of each room stands.

use std::time::Duration;

use kith_store::{
    Error, Position, ServerSid,
    tables::{
        counters,
        destinations::{DESTINATIONS, DestinationRecord, ROOM_OUTGOING, Transaction},
    },
};

use super::Sender;

/// How often it is written, if something went out: what went out since may go out again after a crash.
pub(super) const FLUSH_INTERVAL: Duration = Duration::from_secs(2);
/// How far the cursor may lie back where nothing goes out: that far a restart looks for what did.
const FLUSH_POSITIONS: u64 = 10_000;

/// What was written last.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) delivered: Position,
}

impl Sender {
    /// Writes how far delivery has come, if that is worth a write.
    pub(super) fn flush(&self) -> Result<(), Error> {
        self.count();
        self.write(FLUSH_POSITIONS)
    }

    /// Writes rows for those to whom nobody delivers any more, and then how far delivery has come.
    pub(super) fn flush_at_the_end(&self) -> Result<(), Error> {
        let waiting = self.destinations.lock().waiting();
        for (server, cursor) in waiting {
            self.put_row(server, cursor, None)?;
            if let Some(destination) = self.destinations.lock().get(server) {
                destination.fall_behind();
            }
        }
        self.write(0)
    }

    fn write(&self, positions: u64) -> Result<(), Error> {
        let (delivered, outgoing) = {
            let destinations = self.destinations.lock();
            (destinations.delivered(), destinations.outgoing().clone())
        };
        let mut written = self.written.lock();
        if outgoing.is_empty() && delivered.0.saturating_sub(written.delivered.0) <= positions {
            return Ok(());
        }
        let mut txn = self.store.begin();
        counters::put_delivered(&mut txn.batch, delivered);
        for (room, position) in &outgoing {
            ROOM_OUTGOING.put(&mut txn.batch, room, position);
        }
        self.store.commit_durably(txn)?;
        written.delivered = delivered;
        self.destinations.lock().forget_outgoing(&outgoing);
        Ok(())
    }

    /// Writes a server's row: everything up to `cursor` has been delivered, and `unacknowledged` is to be sent again.
    pub(super) fn put_row(
        &self,
        server: ServerSid,
        cursor: Position,
        unacknowledged: Option<Transaction>,
    ) -> Result<(), Error> {
        let old = DESTINATIONS.get(self.store.engine(), &server)?;
        let since_ms = old.map_or_else(|| self.clock.now_ms(), |old| old.since_ms);
        let mut txn = self.store.begin();
        DESTINATIONS.put(&mut txn.batch, &server, &DestinationRecord { cursor, unacknowledged, since_ms });
        self.store.commit_durably(txn)
    }

    fn count(&self) {
        let (concerned, behind) = self.destinations.lock().counts();
        metrics::gauge!("kith_federation_destinations_pending").set(as_figure(concerned));
        metrics::gauge!("kith_federation_destinations_behind").set(as_figure(behind));
    }
}

/// Counts of servers are far below where a figure loses exactness.
fn as_figure(count: usize) -> f64 {
    u32::try_from(count).unwrap_or(u32::MAX).into()
}
