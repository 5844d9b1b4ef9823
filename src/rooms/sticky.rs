//! Sticky events: what everybody in a room is to get for some time, wherever the timeline has gone meanwhile, and
//! whatever the history visibility says. Their rows are written by `commit/sticky.rs`.
//! <https://github.com/matrix-org/matrix-spec-proposals/pull/4354>

use kith_event::Pdu;
use kith_store::{
    Direction, Error, EventSid, Position, Read, RoomSid,
    tables::{
        accounts::ACCOUNTS,
        events::EVENT_META,
        sticky::{self, STICKY_EVENTS, STICKY_REFUSED, STICKY_STREAM},
    },
};

use crate::{
    Rooms,
    visibility::{RoomView, Standing},
};

/// How many rows one commit of the sweep takes away.
const SWEPT_AT_ONCE_MAX: usize = 1_000;

impl Rooms {
    /// The sticky events of a room that stand behind `since` and up to `until`, oldest first; where there are more than
    /// `events_max`, the newest.
    pub fn sticky_events(
        &self,
        read: &dyn Read,
        room: RoomSid,
        since: Position,
        until: Position,
        events_max: usize,
    ) -> Result<Vec<(Position, EventSid)>, Error> {
        let newest = sticky::newest(read, room, since, until, self.clock.now_ms()).take(events_max);
        let mut events = newest.collect::<Result<Vec<_>, _>>()?;
        events.reverse();
        Ok(events)
    }

    /// The sticky events of this server's own users in a room, oldest first: those that other servers are told of who
    /// were not there. What erased users wrote is told to nobody anew.
    pub fn own_sticky_events(
        &self,
        read: &dyn Read,
        room: RoomSid,
        since: Position,
        until: Position,
    ) -> Result<Vec<(Position, EventSid)>, Error> {
        let mut own = Vec::new();
        for (position, event) in self.sticky_events(read, room, since, until, usize::MAX)? {
            let Some(meta) = EVENT_META.get(read, &event)? else { continue };
            let erased = ACCOUNTS.get(read, &meta.sender)?.is_some_and(|account| account.erased);
            if !erased && self.is_local(&self.store.ids().user_id(meta.sender)?) {
                own.push((position, event));
            }
        }
        Ok(own)
    }

    /// For how long an event remains sticky, in milliseconds, if it is.
    pub(crate) fn sticky_for_ms(
        &self,
        read: &dyn Read,
        event: EventSid,
        pdu: &Pdu,
    ) -> Result<Option<u64>, Error> {
        if pdu.sticky_ms().is_none() {
            return Ok(None);
        }
        let Some(record) = STICKY_EVENTS.get(read, &event)? else { return Ok(None) };
        Ok(record.until_ms.checked_sub(self.clock.now_ms()).filter(|left_ms| *left_ms > 0))
    }

    /// Whether an event is sticky now.
    pub(crate) fn is_sticky(&self, read: &dyn Read, event: EventSid) -> Result<bool, Error> {
        let record = STICKY_EVENTS.get(read, &event)?;
        Ok(record.is_some_and(|record| record.until_ms > self.clock.now_ms()))
    }

    /// Takes the rows away whose time is over.
    pub fn sweep_sticky(&self) -> Result<(), Error> {
        let (engine, now_ms) = (self.store.engine(), self.clock.now_ms());
        let mut txn = self.store.begin();
        let mut swept = 0;
        for row in STICKY_STREAM.scan(engine, &(), Direction::Forward) {
            let ((room, position), row) = row?;
            if row.until_ms <= now_ms {
                sticky::delete(&mut txn, room, row.event, position);
                swept += 1;
            }
            if swept == SWEPT_AT_ONCE_MAX {
                drop(self.store.commit(std::mem::replace(&mut txn, self.store.begin()))?);
                swept = 0;
            }
        }
        for row in STICKY_REFUSED.scan(engine, &(), Direction::Forward) {
            let (key, until_ms) = row?;
            if until_ms <= now_ms {
                STICKY_REFUSED.delete(&mut txn.batch, &key);
            }
        }
        self.store.commit_durably(txn)
    }
}

impl RoomView<'_> {
    /// Whether an event is shown although history visibility hides it: whoever is in the room sees what is sticky.
    pub(crate) fn is_in_sight(&self, event: EventSid) -> Result<bool, Error> {
        Ok(*self.standing() == Standing::Joined && self.rooms.is_sticky(self.read, event)?)
    }
}
