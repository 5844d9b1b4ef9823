//! Which membership events a connection has been told, so that lazy loading does not tell them again and again.
//!
//! A membership event counts as known only when the client's `since` proves that the answer it was in has arrived: a
//! client that asks again with its old token gets it again. The memory is bounded, and losing it only costs bytes.

use std::hash::{DefaultHasher, Hash, Hasher};

use kith_store::{EventSid, Position, RoomSid, StateKeySid, UserSid};
use quick_cache::sync::Cache;

/// How many told membership events are remembered, over all connections.
const SENT_MEMBERS_MAX: usize = 200_000;
/// Of how many rooms it is remembered when a connection began to hear of them.
const ROOMS_BEGUN_MAX: usize = 100_000;

/// One stream of answers to one client: of one device, with one filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Connection {
    user: UserSid,
    device_and_filter: u64,
}

/// What the connections have been told.
pub(crate) struct SentMembers {
    sent: Cache<(Connection, RoomSid, StateKeySid), Sent>,
    /// The `next_batch` of the answer with which a connection began to hear of a room: what was told before may be
    /// forgotten over there. Where this is not known, nothing counts as told.
    begun: Cache<(Connection, RoomSid), Position>,
}

#[derive(Clone, Copy)]
struct Sent {
    event: EventSid,
    /// The `next_batch` of the answer it was in.
    until: Position,
}

impl Default for SentMembers {
    fn default() -> Self {
        Self { sent: Cache::new(SENT_MEMBERS_MAX), begun: Cache::new(ROOMS_BEGUN_MAX) }
    }
}

impl Connection {
    pub(crate) fn new(user: UserSid, device_id: Option<&str>, filter: Option<&str>) -> Self {
        let mut hasher = DefaultHasher::new();
        (device_id, filter).hash(&mut hasher);
        Self { user, device_and_filter: hasher.finish() }
    }
}

impl SentMembers {
    /// Notes that the answer that ends at `until` tells the room from its beginning.
    pub(crate) fn begin(&self, connection: Connection, room: RoomSid, until: Position) {
        self.begun.insert((connection, room), until);
    }

    /// Whether a client that has got everything up to `since` was told the event.
    pub(crate) fn is_known(
        &self,
        connection: Connection,
        room: RoomSid,
        member: StateKeySid,
        event: EventSid,
        since: Position,
    ) -> bool {
        let Some(begun) = self.begun.get(&(connection, room)) else { return false };
        let sent = self.sent.get(&(connection, room, member));
        sent.is_some_and(|sent| sent.event == event && begun <= sent.until && sent.until <= since)
    }

    /// Notes that the answer that ends at `until` tells the event.
    pub(crate) fn told(
        &self,
        connection: Connection,
        room: RoomSid,
        member: StateKeySid,
        event: EventSid,
        until: Position,
    ) {
        let begun = match self.begun.get(&(connection, room)) {
            Some(begun) => begun,
            None => {
                self.begin(connection, room, until);
                until
            }
        };
        // What an earlier answer has told stays known to whoever asks again from there.
        let key = (connection, room, member);
        let stands = |sent: Sent| sent.event == event && begun <= sent.until && sent.until <= until;
        if !self.sent.get(&key).is_some_and(stands) {
            self.sent.insert(key, Sent { event, until });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_surely_arrived_is_known() {
        let sent = SentMembers::default();
        let (phone, laptop) = (
            Connection::new(UserSid(1), Some("PHONE"), None),
            Connection::new(UserSid(1), Some("LAPTOP"), None),
        );
        let (room, member, event) = (RoomSid(1), StateKeySid(2), EventSid(3));
        sent.told(phone, room, member, event, Position(10));
        assert!(sent.is_known(phone, room, member, event, Position(10)));
        assert!(!sent.is_known(phone, room, member, event, Position(9)), "the answer may not have arrived");
        assert!(!sent.is_known(laptop, room, member, event, Position(10)));
        assert!(!sent.is_known(phone, room, member, EventSid(4), Position(10)), "the member has changed");

        sent.told(phone, room, member, event, Position(20));
        assert!(sent.is_known(phone, room, member, event, Position(10)), "known since the first time");
        sent.told(phone, room, member, EventSid(4), Position(30));
        assert!(!sent.is_known(phone, room, member, event, Position(30)));
        assert!(sent.is_known(phone, room, member, EventSid(4), Position(30)));
    }

    #[test]
    fn a_client_that_starts_over_knows_nothing() {
        let sent = SentMembers::default();
        let phone = Connection::new(UserSid(1), Some("PHONE"), None);
        let (room, member, event) = (RoomSid(1), StateKeySid(2), EventSid(3));
        sent.told(phone, room, member, event, Position(10));
        sent.begin(phone, room, Position(20));
        assert!(!sent.is_known(phone, room, member, event, Position(20)));
        sent.told(phone, room, member, event, Position(20));
        assert!(sent.is_known(phone, room, member, event, Position(20)));
    }
}
