//! The rows of sticky events, and those that get a second chance: an event that the room's state did not allow when it
//! came, and allows now, comes in after all.
//! <https://github.com/matrix-org/matrix-spec-proposals/pull/4354>

use std::collections::HashSet;

use kith_store::{
    ChangeKind, Direction, Error, EventSid, RoomSid, Txn,
    state::StateRoot,
    tables::{
        events::{EventMeta, Verdict},
        sticky::{self, STICKY_EVENTS, STICKY_REFUSED},
    },
};

use super::{Arrival, NewEvent, RoomWrite, redactions::Redaction};
use crate::{ingest, write_error::WriteError};

/// How many events of a room wait for a second chance.
const REFUSED_MAX: usize = 200;
/// How many events are looked at to find one that follows another.
const FOLLOWERS_LOOKED_AT_MAX: usize = 1_000;
/// The entries of a room's state on which it rests who may speak.
const AUTHORITY: [&str; 3] = ["m.room.member", "m.room.power_levels", "m.room.join_rules"];

impl RoomWrite<'_> {
    /// Takes in sticky events that were refused before, if what changed in this write allows them now.
    pub(super) fn reconsider(&mut self) -> Result<(), Error> {
        let Some(before) = self.events.first().map(|event| event.room_state_before) else { return Ok(()) };
        if before == self.heads.state {
            return Ok(());
        }
        let now_ms = self.rooms.clock.now_ms();
        let rows = STICKY_REFUSED.scan(self.rooms.store.engine(), &(self.room.sid,), Direction::Forward);
        let mut refused = Vec::new();
        for row in rows.take(REFUSED_MAX) {
            let ((_, event), until_ms) = row?;
            if until_ms > now_ms && !self.index.contains_key(&event) {
                refused.push(event);
            }
        }
        if refused.is_empty() || !self.authority_changed(before)? {
            return Ok(());
        }
        for event in refused {
            self.try_again(event)?;
        }
        Ok(())
    }

    fn authority_changed(&self, before: StateRoot) -> Result<bool, Error> {
        for (key, ..) in self.states.diff(before, self.heads.state)? {
            let (kind, _) = self.rooms.store.ids().state_key_of(key)?;
            if AUTHORITY.contains(&&*kind) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The event comes in as if it came now. State takes part in the room's state whatever was said of it, so it has
    /// no need of this.
    fn try_again(&mut self, event: EventSid) -> Result<(), Error> {
        let meta = self.meta(event)?;
        if meta.verdict != Verdict::SoftFailed || meta.state_key.is_some() {
            return Ok(());
        }
        let Some(place) = meta.place.clone() else { return Ok(()) };
        let pdu = self.pdu(event)?;
        match ingest::check_now(self, &pdu) {
            Ok(()) => {}
            Err(WriteError::Store(error)) => return Err(error),
            Err(_) => return Ok(()),
        }
        let is_followed = self.is_followed(event, meta.depth)?;
        let meta = EventMeta { verdict: Verdict::Accepted, reason: None, ..meta };
        self.push(event, pdu, meta, Arrival::Live);
        if !is_followed {
            self.advance(event, place.state_after, false).map_err(|error| match error {
                WriteError::Store(error) => error,
                _ => Error::Corrupt { table: "state_nodes", what: "forks" },
            })?;
        }
        self.place(place.state_before, place.state_after)?;
        self.note_redactions()
    }

    /// Whether the room has gone on from an event already, by whatever way. Where that is far to see, it has.
    fn is_followed(&self, event: EventSid, depth: u64) -> Result<bool, Error> {
        let mut waiting = self.heads.extremities.clone();
        let mut looked_at = HashSet::new();
        while let Some(next) = waiting.pop() {
            let meta = self.meta(next)?;
            if meta.prev.contains(&event) || looked_at.len() == FOLLOWERS_LOOKED_AT_MAX {
                return Ok(true);
            }
            if looked_at.insert(next) {
                for prev in meta.prev {
                    if self.find_meta(prev)?.is_some_and(|meta| meta.depth > depth) {
                        waiting.push(prev);
                    }
                }
            }
        }
        Ok(false)
    }

    /// Writes down that an event of this write is sticky, if it is.
    pub(super) fn write_sticky(&self, txn: &mut Txn, event: &NewEvent) -> Result<(), Error> {
        let (Some(until_ms), Some(place)) = (self.sticky_until_ms(event), &event.meta.place) else {
            return Ok(());
        };
        let room = self.room.sid;
        match event.meta.verdict {
            Verdict::Rejected => {}
            Verdict::SoftFailed => STICKY_REFUSED.put(&mut txn.batch, &(room, event.sid), &until_ms),
            Verdict::Accepted => {
                let position = match place.position {
                    Some(position) => position,
                    None => {
                        let position = txn.position()?;
                        txn.change(position, ChangeKind::Sticky { room });
                        position
                    }
                };
                sticky::put(txn, room, event.sid, position, until_ms);
                STICKY_REFUSED.delete(&mut txn.batch, &(room, event.sid));
            }
        }
        Ok(())
    }

    /// Until when an event is sticky, in unix milliseconds. Where its server's clock runs ahead, the time begins now.
    fn sticky_until_ms(&self, event: &NewEvent) -> Option<u64> {
        let is_redacted = self
            .redactions
            .iter()
            .any(|redaction| matches!(redaction, Redaction::Apply { target, .. } if *target == event.sid));
        let sticky_ms = event.pdu.sticky_ms().filter(|_| event.may_stick && !is_redacted)?;
        let now_ms = self.rooms.clock.now_ms();
        let until_ms = event.pdu.origin_server_ts().min(now_ms).saturating_add(sticky_ms);
        (until_ms > now_ms).then_some(until_ms)
    }
}

/// What is redacted is an event like any other.
pub(super) fn forget(
    rooms: &crate::Rooms,
    txn: &mut Txn,
    room: RoomSid,
    event: EventSid,
) -> Result<(), Error> {
    if let Some(record) = STICKY_EVENTS.get(rooms.store.engine(), &event)? {
        sticky::delete(txn, room, event, record.position);
    }
    STICKY_REFUSED.delete(&mut txn.batch, &(room, event));
    Ok(())
}
