//! How far pushers have come, on disk: the cursor common to all that keep up, and the rows of those that do not.

use std::time::Duration;

use kith_store::{
    Direction, Error, Position,
    tables::{
        counters,
        pushers::{BacklogRecord, PUSHER_BACKLOGS},
    },
};

use super::PusherId;
use crate::Push;

/// How often it is written, if something was told: what was told since may be told again after a crash.
pub(super) const FLUSH_INTERVAL: Duration = Duration::from_secs(2);
/// How far the cursor may lie back where nothing is told: that far a restart looks for what is to be.
const FLUSH_POSITIONS: u64 = 10_000;

/// What was written last.
#[derive(Debug, Default)]
pub(super) struct Written {
    pushed: Position,
    /// Something has been told since.
    pub(super) told: bool,
}

impl Push {
    /// What the server knew when it stopped: who is behind, and how far everybody else had come.
    pub(super) fn load(&self) -> Result<(), Error> {
        self.read_owners()?;
        self.load_mails()?;
        let pushed = match counters::pushed(self.store.engine())? {
            Some(pushed) => pushed,
            // The first start: there is no pusher yet.
            None => {
                let pushed = self.store.visible();
                self.put_pushed(pushed)?;
                pushed
            }
        };
        let mut desk = self.delivery.desk.lock();
        for row in PUSHER_BACKLOGS.scan(self.store.engine(), &(), Direction::Forward) {
            let (key, BacklogRecord { cursor, interval_ms, retry_at_ms }) = row?;
            desk.add_behind(PusherId::new(key), cursor, interval_ms, retry_at_ms);
        }
        desk.see(pushed);
        drop(desk);
        self.delivery.written.lock().pushed = pushed;
        Ok(())
    }

    /// Writes how far pushers have come, if that is worth a write.
    pub(super) fn flush(&self) -> Result<(), Error> {
        let (concerned, behind) = self.delivery.desk.lock().counts();
        metrics::gauge!("kith_pushers_pending").set(as_figure(concerned));
        metrics::gauge!("kith_pushers_behind").set(as_figure(behind));
        self.write(FLUSH_POSITIONS)
    }

    /// Writes rows for those who have not told everything, and then how far everybody else has come.
    pub(super) fn flush_at_the_end(&self) -> Result<(), Error> {
        let waiting = self.delivery.desk.lock().waiting();
        for (id, cursor) in waiting {
            let retry_at_ms = self.clock.now_ms();
            self.put_backlog(&id, &BacklogRecord { cursor, interval_ms: 0, retry_at_ms })?;
            if let Some(line) = self.delivery.desk.lock().line(&id) {
                line.fall_behind(cursor);
            }
        }
        self.write(0)
    }

    pub(super) fn put_backlog(&self, id: &PusherId, record: &BacklogRecord) -> Result<(), Error> {
        let mut txn = self.store.begin();
        PUSHER_BACKLOGS.put(&mut txn.batch, id.key(), record);
        self.store.commit_durably(txn)
    }

    /// A pusher has caught up. Nobody waits for the disk: if the row comes back, something is told again.
    pub(super) fn delete_backlog(&self, id: &PusherId) -> Result<(), Error> {
        let mut txn = self.store.begin();
        PUSHER_BACKLOGS.delete(&mut txn.batch, id.key());
        drop(self.store.commit(txn)?);
        Ok(())
    }

    fn write(&self, positions: u64) -> Result<(), Error> {
        let mut written = self.delivery.written.lock();
        let pushed = self.delivery.desk.lock().pushed();
        let far = pushed.0.saturating_sub(written.pushed.0) > positions;
        if !far && (!written.told || pushed <= written.pushed) {
            return Ok(());
        }
        self.put_pushed(pushed)?;
        *written = Written { pushed, told: false };
        Ok(())
    }

    fn put_pushed(&self, pushed: Position) -> Result<(), Error> {
        let mut txn = self.store.begin();
        counters::put_pushed(&mut txn.batch, pushed);
        self.store.commit_durably(txn)
    }
}

/// Counts of pushers are far below where a figure loses exactness.
fn as_figure(count: usize) -> f64 {
    u32::try_from(count).unwrap_or(u32::MAX).into()
}
