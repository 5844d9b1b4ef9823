//! What one destination is still to be told, and how it stands: in memory, bounded, and never the only place that
//! knows. Nothing here waits, reads or writes.
//!
//! A destination that keeps up has a queue and no row. One that cannot be reached, or that has fallen further behind
//! than its queue may hold, has a row with a cursor and no queue: what it misses is read from the tables later.

use std::collections::{BTreeSet, VecDeque};

use kith_store::{EventSid, Position, RoomSid, UserSid};

/// How many things wait for one destination; one that falls further behind catches up from the tables.
pub(crate) const QUEUE_ITEMS_MAX: usize = 1_000;
/// How many typing notices and changes of presence wait for one destination; more are dropped, as they soon change.
const PASSING_ITEMS_MAX: usize = 1_000;

/// Something that a destination is to be told, where it is to be found, and when it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Queued {
    pub(crate) position: Position,
    pub(crate) item: Item,
}

/// What a destination is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Item {
    /// An event of a room that the destination is in.
    Event(EventSid),
    /// A row of `owed_events`.
    Owed(EventSid),
    /// A row of `outbox`.
    Outbox,
    /// A receipt that moved at the position.
    Receipt(RoomSid),
}

/// What is told as it stands when it is told, and not at all if the destination cannot be reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Passing {
    pub(crate) typing: BTreeSet<(RoomSid, UserSid)>,
    pub(crate) presence: BTreeSet<UserSid>,
}

impl Passing {
    pub(crate) fn is_empty(&self) -> bool {
        self.typing.is_empty() && self.presence.is_empty()
    }

    pub(crate) fn add_typing(&mut self, room: RoomSid, user: UserSid) {
        if self.typing.len() < PASSING_ITEMS_MAX {
            self.typing.insert((room, user));
        }
    }

    pub(crate) fn add_presence(&mut self, user: UserSid) {
        if self.presence.len() < PASSING_ITEMS_MAX {
            self.presence.insert(user);
        }
    }
}

/// How a destination stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It has no row; the queue holds everything it is still to be told.
    InStep,
    /// It has no row yet and needs one: everything behind `cursor` has to be read from the tables.
    Overflowed { cursor: Position },
    /// It has a row; everything behind the row's cursor has to be read from the tables.
    Behind,
    /// It has a row; the queue holds what it missed up to `until`, the rest has to be read later.
    Reading { until: Position },
    /// It has a row; the queue holds everything it is still to be told.
    CatchingUp,
}

/// One destination with something to be told, or behind.
#[derive(Debug)]
pub(crate) struct Destination {
    pub(crate) queue: VecDeque<Queued>,
    pub(crate) passing: Passing,
    pub(crate) standing: Standing,
    /// Somebody is delivering to it.
    pub(crate) running: bool,
    /// It refused a transaction, so that it gets each thing alone until the one it refuses is found.
    pub(crate) one_by_one: bool,
    /// When it is tried again, in unix milliseconds, if that is planned.
    pub(crate) due_ms: Option<u64>,
    /// How often in a row it has answered something else than it should.
    pub(crate) failures: u32,
}

/// What is to be done for a destination next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Move {
    /// Write a row with this cursor: the queue was too short.
    Fall { cursor: Position },
    /// Read what it missed.
    Read,
    /// Everything up to here was delivered; more has to be read.
    Advance { cursor: Position },
    /// Send something of what is queued.
    Send,
    /// Nothing is left.
    Finish,
}

impl Destination {
    /// One that keeps up.
    pub(crate) fn in_step() -> Self {
        Self::new(Standing::InStep)
    }

    /// One with a row.
    pub(crate) fn behind() -> Self {
        Self::new(Standing::Behind)
    }

    fn new(standing: Standing) -> Self {
        Self {
            queue: VecDeque::new(),
            passing: Passing::default(),
            standing,
            running: false,
            one_by_one: false,
            due_ms: None,
            failures: 0,
        }
    }

    /// Whether new things are queued for it.
    pub(crate) fn accepts(&self) -> bool {
        matches!(self.standing, Standing::InStep | Standing::CatchingUp)
    }

    /// Whether it has a row.
    pub(crate) fn has_row(&self) -> bool {
        matches!(self.standing, Standing::Behind | Standing::Reading { .. } | Standing::CatchingUp)
    }

    /// Queues something newer than everything queued so far, unless it will be read from the tables anyway.
    pub(crate) fn push(&mut self, queued: Queued) {
        if !self.accepts() {
            return;
        }
        if self.queue.len() < QUEUE_ITEMS_MAX {
            self.queue.push_back(queued);
            return;
        }
        self.standing = match (self.standing, self.floor()) {
            (Standing::InStep, Some(cursor)) => Standing::Overflowed { cursor },
            _ => Standing::Behind,
        };
        // Nothing is kept in memory for it from here on, and what passes will have passed.
        self.queue = VecDeque::new();
        self.passing = Passing::default();
    }

    /// Up to here everything is delivered, as long as no row says so: a restart has to go back to it.
    pub(crate) fn floor(&self) -> Option<Position> {
        match self.standing {
            Standing::InStep => self.queue.front().map(|first| before(first.position)),
            Standing::Overflowed { cursor } => Some(cursor),
            Standing::Behind | Standing::Reading { .. } | Standing::CatchingUp => None,
        }
    }

    /// What is to be done next.
    pub(crate) fn next(&self) -> Move {
        match self.standing {
            Standing::Overflowed { cursor } => Move::Fall { cursor },
            Standing::Behind => Move::Read,
            Standing::Reading { until } if self.queue.is_empty() => Move::Advance { cursor: until },
            _ if self.queue.is_empty() && self.passing.is_empty() => Move::Finish,
            _ => Move::Send,
        }
    }

    /// What was missed has been read: everything behind the row's cursor and up to `until`, which is all there is if
    /// `complete`.
    pub(crate) fn missed(&mut self, missed: Vec<Queued>, until: Position, complete: bool) {
        // What happened since is in the queue, unless there was too much of it.
        if self.standing != Standing::CatchingUp {
            return;
        }
        let later = std::mem::replace(&mut self.queue, missed.into());
        if complete {
            self.queue.extend(later);
        } else {
            self.standing = Standing::Reading { until };
        }
    }

    /// Everything up to `until` was delivered.
    pub(crate) fn delivered(&mut self, until: Position) {
        while self.queue.front().is_some_and(|first| first.position <= until) {
            self.queue.pop_front();
        }
        if let Standing::Overflowed { cursor } = &mut self.standing {
            *cursor = until.max(*cursor);
        }
    }

    /// Where the row has to stand now that nothing gets through, `None` if nothing would be missed. `seen` is how far
    /// changes have been looked at.
    pub(crate) fn cursor(&self, seen: Position) -> Option<Position> {
        if let Some(first) = self.queue.front() {
            return Some(before(first.position));
        }
        match self.standing {
            Standing::InStep | Standing::Behind => None,
            Standing::Overflowed { cursor } => Some(cursor),
            Standing::Reading { until } => Some(until),
            Standing::CatchingUp => Some(seen),
        }
    }

    /// It cannot be reached and has a row: nothing is kept in memory for it.
    pub(crate) fn fall_behind(&mut self) {
        self.standing = Standing::Behind;
        self.queue = VecDeque::new();
        self.passing = Passing::default();
    }
}

fn before(position: Position) -> Position {
    Position(position.0.saturating_sub(1))
}

#[cfg(test)]
mod tests;
