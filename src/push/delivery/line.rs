//! What one pusher is still to tell.

use std::collections::VecDeque;

use kith_store::Position;

use super::Notice;

/// How many notices wait in memory for one pusher; where there are more, they are read from the tables later.
pub(super) const QUEUED_NOTICES_MAX: usize = 100;

/// A pusher with something to tell.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// What happened is not all in the queue: the tables have to be read.
    pub(super) behind: Option<Behind>,
    queue: VecDeque<Notice>,
    /// The number of unread messages may have changed.
    pub(super) badge: bool,
    /// Somebody is at it.
    pub(super) served: bool,
    /// When it is tried again.
    pub(super) due_ms: Option<u64>,
    /// How long was waited after the last failure.
    pub(super) interval_ms: u64,
}

/// How far a pusher has come that does not keep up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Behind {
    /// Everything up to here has been told.
    pub(super) cursor: Position,
    /// The queue has everything up to here.
    read: Option<Position>,
    /// A row of `pusher_backlogs` says so too.
    pub(super) has_row: bool,
}

/// What is to be done next.
#[derive(Debug)]
pub(super) enum Turn {
    /// Read the tables behind `from`, up to and including `until`.
    Read { from: Position, until: Position },
    /// Tell this.
    Tell(Notice),
    /// The row of the backlog can go.
    CaughtUp,
    /// Tell how much is unread.
    Badge,
    /// Nothing.
    Done,
}

impl Behind {
    pub(super) fn at(cursor: Position, has_row: bool) -> Self {
        Self { cursor, read: None, has_row }
    }
}

impl Line {
    /// A pusher that has a row.
    pub(super) fn with_row(cursor: Position, interval_ms: u64) -> Self {
        Self { behind: Some(Behind::at(cursor, true)), badge: true, interval_ms, ..Self::default() }
    }

    /// One more thing to tell.
    pub(super) fn push(&mut self, notice: Notice) {
        if self.behind.is_some() {
            // It is in the tables, and will be read with what came before it.
            return;
        }
        if self.queue.len() == QUEUED_NOTICES_MAX {
            self.behind = self.floor().map(|floor| Behind::at(floor, false));
            self.queue.clear();
            return;
        }
        self.queue.push_back(notice);
    }

    /// What is next, where everything up to `seen` has been noted.
    pub(super) fn turn(&mut self, seen: Position) -> Turn {
        if let Some(notice) = self.queue.front() {
            return Turn::Tell(notice.clone());
        }
        if let Some(behind) = &mut self.behind {
            behind.cursor = behind.read.take().unwrap_or_default().max(behind.cursor);
            if behind.cursor < seen {
                return Turn::Read { from: behind.cursor, until: seen };
            }
            if behind.has_row {
                return Turn::CaughtUp;
            }
            self.behind = None;
        }
        if std::mem::take(&mut self.badge) { Turn::Badge } else { Turn::Done }
    }

    /// The tables have been read up to `until`, and this came out.
    pub(super) fn has_read(&mut self, until: Position, notices: Vec<Notice>) {
        if let Some(behind) = &mut self.behind {
            behind.read = Some(until);
            self.queue = notices.into();
        }
    }

    /// What happened at a position has been told, or is not worth telling any more.
    pub(super) fn told(&mut self, position: Position) {
        if self.queue.front().is_some_and(|notice| notice.position == position) {
            self.queue.pop_front();
        }
        if let Some(behind) = &mut self.behind {
            behind.cursor = behind.cursor.max(position);
        }
    }

    /// The pusher could not tell what it had to; a row says how far it has come, which is `cursor`.
    pub(super) fn fall_behind(&mut self, cursor: Position) {
        self.behind = Some(Behind::at(cursor, true));
        self.queue.clear();
        self.badge = true;
    }

    /// Up to here everything has been told that was noted up to `seen`.
    pub(super) fn cursor(&self, seen: Position) -> Position {
        let queued = self.queue.front().map(|notice| Position(notice.position.0.saturating_sub(1)));
        let behind = self.behind.map(|behind| behind.cursor);
        [queued, behind].into_iter().flatten().min().unwrap_or(seen)
    }

    /// Where the common cursor has to stop because of this pusher.
    pub(super) fn floor(&self) -> Option<Position> {
        let floor = self.cursor(Position::END);
        (floor != Position::END && !self.behind.is_some_and(|behind| behind.has_row)).then_some(floor)
    }

    /// The row of the backlog is gone.
    pub(super) fn row_gone(&mut self) {
        if let Some(behind) = &mut self.behind {
            behind.has_row = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kith_store::{EventSid, RoomSid};

    use super::*;

    fn notice(position: u64) -> Notice {
        Notice {
            position: Position(position),
            room: RoomSid(1),
            event: EventSid(position),
            actions: Arc::new([]),
            invite: false,
        }
    }

    #[track_caller]
    fn expect_notice(turn: Turn, position: u64) {
        assert!(matches!(&turn, Turn::Tell(notice) if notice.position.0 == position), "{turn:?}");
    }

    #[test]
    fn who_keeps_up_tells_in_order_and_then_the_badge() {
        let mut line = Line { badge: true, ..Line::default() };
        line.push(notice(5));
        line.push(notice(7));
        assert_eq!(line.floor(), Some(Position(4)));
        expect_notice(line.turn(Position(9)), 5);
        line.told(Position(5));
        expect_notice(line.turn(Position(9)), 7);
        assert_eq!(line.floor(), Some(Position(6)));
        line.told(Position(7));
        assert!(matches!(line.turn(Position(9)), Turn::Badge));
        assert!(matches!(line.turn(Position(9)), Turn::Done));
        assert_eq!((line.floor(), line.cursor(Position(9))), (None, Position(9)));
    }

    #[test]
    fn what_does_not_fit_is_read_from_the_tables() {
        let mut line = Line::default();
        for position in 0..=QUEUED_NOTICES_MAX as u64 {
            line.push(notice(10 + position));
        }
        line.push(notice(500));
        assert_eq!(line.floor(), Some(Position(9)));
        // The first was on its way meanwhile.
        line.told(Position(10));
        let turn = line.turn(Position(500));
        assert!(matches!(turn, Turn::Read { from: Position(10), until: Position(500) }), "{turn:?}");
        line.has_read(Position(500), vec![notice(499)]);
        line.push(notice(501));
        expect_notice(line.turn(Position(501)), 499);
        line.told(Position(499));
        let turn = line.turn(Position(501));
        assert!(matches!(turn, Turn::Read { from: Position(500), until: Position(501) }), "{turn:?}");
        line.has_read(Position(501), vec![notice(501)]);
        line.told(Position(501));
        assert!(matches!(line.turn(Position(501)), Turn::Done));
        line.push(notice(600));
        expect_notice(line.turn(Position(600)), 600);
    }

    #[test]
    fn who_could_not_be_reached_holds_nobody_up() {
        let mut line = Line::default();
        line.push(notice(5));
        line.fall_behind(line.cursor(Position(8)));
        assert_eq!(line.floor(), None);
        line.push(notice(6));
        let turn = line.turn(Position(8));
        assert!(matches!(turn, Turn::Read { from: Position(4), until: Position(8) }), "{turn:?}");
        line.has_read(Position(8), Vec::new());
        assert!(matches!(line.turn(Position(8)), Turn::CaughtUp));
        line.row_gone();
        assert!(matches!(line.turn(Position(8)), Turn::Badge));
    }
}
