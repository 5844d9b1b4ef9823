//! Transactions, positions and durability: the one road by which anything is written.
//!
//! A [`Txn`] collects rows, positions and changes. [`Commits::commit`] writes it atomically and returns at once; a
//! single thread then makes everything written so far durable with one fsync and publishes the positions, so many
//! writers share one fsync and no writer waits for another's work, only for the disk.
//!
//! A position is visible when it and every lower one are durable (or were given up).

use std::{
    collections::BTreeMap,
    sync::Arc,
    thread::{self, JoinHandle},
};

use kith_kv::{Batch, Engine};
use parking_lot::{Condvar, Mutex};

use crate::{
    Error,
    changes::{Change, ChangeKind, Changes},
    sids::Position,
    tables::counters,
};

/// How many positions are reserved on disk at a time; a restart skips at most this many.
const POSITIONS_RESERVED: u64 = 1 << 16;

/// When a write counts as done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// After it has been fsynced: it survives a power cut.
    Fsync,
    /// After the operating system has it: it survives a crash of the process, not of the machine.
    Relaxed,
}

/// Rows, positions and changes that become real together or not at all.
pub struct Txn {
    /// The rows.
    pub batch: Batch,
    positions: Vec<Position>,
    changes: Vec<Change>,
    shared: Arc<Shared>,
}

/// A commit that has been written and is on its way to the disk.
#[must_use = "an acknowledged write has to be durable: call `wait_durable`"]
pub struct Committed {
    sequence: u64,
    last_position: Option<Position>,
    shared: Arc<Shared>,
}

/// The writing side of the store.
pub(crate) struct Commits {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    engine: Arc<dyn Engine>,
    changes: Changes,
    state: Mutex<State>,
    /// Wakes the durability thread.
    written: Condvar,
    /// Wakes those who wait for durability or visibility.
    settled: Condvar,
}

struct State {
    next: u64,
    ceiling: u64,
    /// Positions given out and not yet visible, with what they will announce.
    open: BTreeMap<Position, Slot>,
    visible: Position,
    /// Commits written, and commits made durable.
    written: u64,
    durable: u64,
    failed: Option<String>,
    stopping: bool,
}

#[derive(Default)]
struct Slot {
    /// The commit that carries the position, once written.
    commit: Option<u64>,
    changes: Vec<Change>,
}

impl Txn {
    /// A fresh position, higher than every one given out before.
    pub fn position(&mut self) -> Result<Position, Error> {
        let position = self.shared.allocate()?;
        self.positions.push(position);
        Ok(position)
    }

    /// Announces a change at a position of this transaction once that is visible.
    pub fn change(&mut self, position: Position, kind: ChangeKind) {
        self.changes.push(Change { position, kind });
    }
}

impl Drop for Txn {
    /// A transaction that is not committed gives its positions up, so that nobody waits for them.
    fn drop(&mut self) {
        if !self.positions.is_empty() {
            let mut state = self.shared.state.lock();
            for position in self.positions.drain(..) {
                state.open.remove(&position);
            }
            self.shared.publish(&mut state);
        }
    }
}

impl Committed {
    /// Blocks until the commit is durable and its positions are visible.
    pub fn wait_durable(self) -> Result<(), Error> {
        let mut state = self.shared.state.lock();
        loop {
            if let Some(reason) = &state.failed {
                return Err(Error::Poisoned(reason.clone()));
            }
            let visible = self.last_position.is_none_or(|position| state.visible >= position);
            if state.durable >= self.sequence && visible {
                return Ok(());
            }
            self.shared.settled.wait(&mut state);
        }
    }

    /// The highest position of the commit, if it has one.
    pub fn position(&self) -> Option<Position> {
        self.last_position
    }
}

impl Commits {
    pub(crate) fn open(engine: Arc<dyn Engine>, durability: Durability) -> Result<Self, Error> {
        let start = counters::position_ceiling(&*engine)?;
        let shared = Arc::new(Shared {
            engine,
            changes: Changes::new(Position(start)),
            state: Mutex::new(State {
                next: start + 1,
                ceiling: start,
                open: BTreeMap::new(),
                visible: Position(start),
                written: 0,
                durable: 0,
                failed: None,
                stopping: false,
            }),
            written: Condvar::new(),
            settled: Condvar::new(),
        });
        let worker = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("kith-durable".into())
            .spawn(move || worker.make_durable(durability))
            .map_err(|error| Error::Poisoned(error.to_string()))?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    pub(crate) fn begin(&self) -> Txn {
        Txn {
            batch: Batch::new(),
            positions: Vec::new(),
            changes: Vec::new(),
            shared: Arc::clone(&self.shared),
        }
    }

    pub(crate) fn commit(&self, mut txn: Txn) -> Result<Committed, Error> {
        if let Some(reason) = &self.shared.state.lock().failed {
            return Err(Error::Poisoned(reason.clone()));
        }
        let batch = std::mem::take(&mut txn.batch);
        let writes = !batch.is_empty();
        if writes {
            // On an error the transaction drops here and gives its positions up.
            self.shared.engine.write(batch)?;
        }
        let positions = std::mem::take(&mut txn.positions);
        let changes = std::mem::take(&mut txn.changes);
        let mut state = self.shared.state.lock();
        // What only announces needs no fsync of its own: it is as durable as what was written before it.
        state.written += u64::from(writes);
        let sequence = state.written;
        for position in &positions {
            if let Some(slot) = state.open.get_mut(position) {
                slot.commit = Some(sequence);
            }
        }
        for change in changes {
            if let Some(slot) = state.open.get_mut(&change.position) {
                slot.changes.push(change);
            }
        }
        if writes {
            self.shared.written.notify_one();
            metrics::counter!("kith_store_commits_total").increment(1);
        } else if state.durable >= sequence {
            self.shared.publish(&mut state);
        }
        drop(state);
        Ok(Committed { sequence, last_position: positions.last().copied(), shared: Arc::clone(&self.shared) })
    }

    pub(crate) fn changes(&self) -> &Changes {
        &self.shared.changes
    }
}

impl Drop for Commits {
    /// Makes what was written durable and ends the thread.
    fn drop(&mut self) {
        self.shared.state.lock().stopping = true;
        self.shared.written.notify_one();
        if let Some(thread) = self.thread.lock().take() {
            // The thread cannot panic in a way that matters here: nothing is left to save.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn allocate(&self) -> Result<Position, Error> {
        let mut state = self.state.lock();
        if state.next > state.ceiling {
            let ceiling = state.ceiling + POSITIONS_RESERVED;
            let mut batch = Batch::new();
            counters::put_position_ceiling(&mut batch, ceiling);
            self.engine.write(batch)?;
            state.ceiling = ceiling;
        }
        let position = Position(state.next);
        state.next += 1;
        state.open.insert(position, Slot::default());
        Ok(position)
    }

    /// The body of the durability thread: everything written before an fsync began is durable when it ends.
    fn make_durable(&self, durability: Durability) {
        let mut state = self.state.lock();
        loop {
            while state.durable == state.written && !state.stopping {
                self.written.wait(&mut state);
            }
            if state.durable == state.written {
                return;
            }
            let target = state.written;
            if durability == Durability::Fsync {
                let result = parking_lot::MutexGuard::unlocked(&mut state, || self.engine.sync());
                if let Err(error) = result {
                    tracing::error!(%error, "the disk refused a write; nothing is acknowledged until a restart");
                    state.failed = Some(error.to_string());
                    self.settled.notify_all();
                    return;
                }
                metrics::counter!("kith_store_fsyncs_total").increment(1);
            }
            state.durable = target;
            self.publish(&mut state);
        }
    }

    /// Moves `visible` past every leading position that is durable, and tells of their changes.
    fn publish(&self, state: &mut State) {
        let mut news = Vec::new();
        while let Some(first) = state.open.first_entry() {
            if first.get().commit.is_none_or(|commit| commit > state.durable) {
                break;
            }
            news.append(&mut first.remove().changes);
        }
        let visible = match state.open.first_key_value() {
            Some((position, _)) => Position(position.0 - 1),
            None => Position(state.next - 1),
        };
        state.visible = visible.max(state.visible);
        self.changes.publish(state.visible, news);
        self.settled.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use kith_kv::memory::MemoryEngine;

    use super::*;
    use crate::{catalog, sids::RoomSid};

    fn commits(engine: &Arc<dyn Engine>) -> Commits {
        Commits::open(Arc::clone(engine), Durability::Fsync).expect("opens")
    }

    fn engine() -> Arc<dyn Engine> {
        Arc::new(MemoryEngine::new(&catalog::specs()))
    }

    #[test]
    fn a_position_waits_for_the_lower_ones() {
        let engine = engine();
        let commits = commits(&engine);
        let mut slow = commits.begin();
        let low = slow.position().expect("allocates");
        let mut quick = commits.begin();
        let high = quick.position().expect("allocates");
        quick.change(high, ChangeKind::Typing { room: RoomSid(1) });
        let quick = commits.commit(quick).expect("commits");
        assert!(commits.changes().visible() < low);
        commits.commit(slow).expect("commits").wait_durable().expect("durable");
        quick.wait_durable().expect("durable");
        assert_eq!(commits.changes().visible(), high);
        assert_eq!(commits.changes().since(low).map(|changes| changes.len()), Some(1));
    }

    #[test]
    fn what_only_announces_needs_no_fsync() {
        let engine = engine();
        let commits = commits(&engine);
        let mut typing = commits.begin();
        let position = typing.position().expect("allocates");
        typing.change(position, ChangeKind::Typing { room: RoomSid(1) });
        let before = position.0 - 1;
        commits.commit(typing).expect("commits").wait_durable().expect("nothing to wait for");
        assert_eq!(commits.changes().visible(), position);
        assert_eq!(commits.changes().since(Position(before)).map(|changes| changes.len()), Some(1));
        assert_eq!(commits.shared.state.lock().durable, 0);
    }

    #[test]
    fn a_dropped_transaction_holds_nobody_up() {
        let engine = engine();
        let commits = commits(&engine);
        let mut given_up = commits.begin();
        given_up.position().expect("allocates");
        let mut kept = commits.begin();
        let position = kept.position().expect("allocates");
        let kept = commits.commit(kept).expect("commits");
        drop(given_up);
        kept.wait_durable().expect("durable");
        assert_eq!(commits.changes().visible(), position);
    }

    #[test]
    fn positions_are_never_given_out_twice_across_restarts() {
        let engine = engine();
        let first = commits(&engine).begin().position().expect("allocates");
        let second = commits(&engine).begin().position().expect("allocates");
        assert!(second > first);
    }
}
