//! What changed lately, in memory: the ring that readers look at before they look at tables, and the wake-up.
//!
//! Nothing here is truth. A reader whose cursor is older than the ring reads the tables instead, and a wake-up that
//! is lost only delays whoever waits until the next one.

use std::{collections::VecDeque, sync::Arc};

use parking_lot::Mutex;
use tokio::sync::watch;

use crate::sids::{EventSid, Position, RoomSid, ServerSid, UserSid};

/// How many changes the ring remembers.
const RING_CHANGES_MAX: usize = 65_536;

/// One change that somebody may want to hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where the change stands.
    pub position: Position,
    /// What changed.
    pub kind: ChangeKind,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// An event became part of a room's timeline.
    Event {
        /// The room.
        room: RoomSid,
        /// The event.
        event: EventSid,
        /// The user whose membership the event states, when it is a membership event.
        member: Option<UserSid>,
    },
    /// A user's place in a room's stream changed outside the timeline: an invite over federation, a forgotten room.
    Membership {
        /// The room.
        room: RoomSid,
        /// The user.
        user: UserSid,
    },
    /// A receipt moved.
    Receipt {
        /// The room.
        room: RoomSid,
        /// Whose receipt.
        user: UserSid,
        /// Whether only the user's own devices may hear of it.
        private: bool,
    },
    /// Somebody started or stopped typing.
    Typing {
        /// The room.
        room: RoomSid,
    },
    /// A user's presence changed.
    Presence {
        /// Whose.
        user: UserSid,
    },
    /// Account data, tags or push rules changed.
    AccountData {
        /// Whose.
        user: UserSid,
        /// The room, for room account data.
        room: Option<RoomSid>,
    },
    /// A user of this server came, went, or changed their profile.
    Profile {
        /// Whose.
        user: UserSid,
    },
    /// A to-device message arrived.
    ToDevice {
        /// For whom.
        user: UserSid,
    },
    /// A user's devices or keys changed.
    DeviceList {
        /// Whose.
        user: UserSid,
    },
    /// Something was put into another server's outbox.
    Outbox {
        /// For whom.
        server: ServerSid,
    },
    /// Keys of others look different to this user alone: the user has signed them.
    KeySignature {
        /// To whom.
        user: UserSid,
    },
    /// A user has set or removed a pusher.
    Pushers {
        /// Whose.
        user: UserSid,
    },
    /// A user subscribed to a thread, or no longer wants to hear of it.
    ThreadSubscription {
        /// Who.
        user: UserSid,
    },
    /// An event that clients are told of although it is no news became sticky.
    Sticky {
        /// In which room.
        room: RoomSid,
    },
    /// Another server is owed an event (a row of `owed_events`).
    Owed {
        /// Which server.
        server: ServerSid,
        /// Which event.
        event: EventSid,
    },
    /// A user's unread or highlight counts changed without an event of their own.
    Unread {
        /// Whose.
        user: UserSid,
        /// In which room.
        room: RoomSid,
    },
}

/// The ring and its wake-up.
pub struct Changes {
    ring: Mutex<Ring>,
    visible: watch::Sender<Position>,
}

struct Ring {
    /// The ring knows every change behind this position.
    floor: Position,
    changes: VecDeque<Arc<Change>>,
}

impl Changes {
    pub(crate) fn new(start: Position) -> Self {
        Self {
            ring: Mutex::new(Ring { floor: start, changes: VecDeque::new() }),
            visible: watch::Sender::new(start),
        }
    }

    /// The highest position up to which everything is committed and durable.
    pub fn visible(&self) -> Position {
        *self.visible.borrow()
    }

    /// A receiver that is marked changed whenever [`Self::visible`] advances.
    pub fn subscribe(&self) -> watch::Receiver<Position> {
        self.visible.subscribe()
    }

    /// Every visible change behind `since`, oldest first; `None` when the ring no longer reaches back that far.
    pub fn since(&self, since: Position) -> Option<Vec<Arc<Change>>> {
        let ring = self.ring.lock();
        if since < ring.floor {
            return None;
        }
        let start = ring.changes.partition_point(|change| change.position <= since);
        Some(ring.changes.range(start..).cloned().collect())
    }

    /// Makes `changes` (in order of position) and the position itself visible.
    pub(crate) fn publish(&self, visible: Position, changes: impl IntoIterator<Item = Change>) {
        {
            let mut ring = self.ring.lock();
            for change in changes {
                if ring.changes.len() == RING_CHANGES_MAX
                    && let Some(oldest) = ring.changes.pop_front()
                {
                    ring.floor = oldest.position;
                }
                ring.changes.push_back(Arc::new(change));
            }
        }
        self.visible.send_if_modified(|current| {
            let advanced = visible > *current;
            *current = visible.max(*current);
            advanced
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typing(position: u64) -> Change {
        Change { position: Position(position), kind: ChangeKind::Typing { room: RoomSid(1) } }
    }

    #[test]
    fn since_answers_only_what_the_ring_still_knows() {
        let changes = Changes::new(Position(10));
        changes.publish(Position(12), [typing(11), typing(12)]);
        assert_eq!(changes.visible(), Position(12));
        assert!(changes.since(Position(9)).is_none());
        let positions = |since| {
            let found = changes.since(Position(since)).expect("inside the ring");
            found.iter().map(|change| change.position.0).collect::<Vec<_>>()
        };
        assert_eq!(positions(10), [11, 12]);
        assert_eq!(positions(11), [12]);
        assert_eq!(positions(12), [0_u64; 0]);
    }

    #[test]
    fn a_full_ring_forgets_the_oldest() {
        let changes = Changes::new(Position(0));
        let count = RING_CHANGES_MAX as u64 + 5;
        changes.publish(Position(count), (1..=count).map(typing));
        assert!(changes.since(Position(4)).is_none());
        assert_eq!(changes.since(Position(5)).map(|found| found.len()), Some(RING_CHANGES_MAX));
    }
}
