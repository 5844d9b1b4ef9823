//! What a server missed that was away: of every room it shares the newest event that goes out from here, for it
//! fetches what lies in between; everything that is kept for it; the newest receipts. Nothing is too old for this.

use std::collections::BTreeMap;

use kith_store::{
    Direction, Error, Position, Read, RoomSid, ServerSid,
    tables::{
        destinations::{OWED_EVENTS, ROOM_OUTGOING},
        outbox,
        receipts::{RECEIPT_STREAM, ReceiptKind},
        rooms::TIMELINE,
    },
};

use super::{
    Sender,
    queue::{Item, QUEUE_ITEMS_MAX, Queued},
};

/// How many things are read at a time.
const MISSED_ITEMS_MAX: usize = QUEUE_ITEMS_MAX / 2;
/// How many receipts of one room, the newest, a server is told that was away.
const RECEIPTS_PER_ROOM_MAX: usize = 50;

/// What a server missed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Missed {
    /// In order.
    pub(super) items: Vec<Queued>,
    /// Up to here these are all.
    pub(super) until: Position,
}

/// Collects what was missed behind one position and up to another, which moves down where there is too much.
struct Collecting {
    items: Vec<Queued>,
    until: Position,
}

impl Sender {
    /// What a server missed behind `since` and up to `until`. `outgoing` is what the table does not have yet.
    pub(super) fn missed(
        &self,
        server: ServerSid,
        since: Position,
        until: Position,
        outgoing: &BTreeMap<RoomSid, Position>,
    ) -> Result<Missed, Error> {
        let view = self.store.read();
        let read: &dyn Read = &*view;
        let mut missed = Collecting { items: Vec::new(), until };
        let (from, to) = ((server, since.next()), (server, until.next()));
        missed.collect(
            OWED_EVENTS
                .range(read, &from, &to, Direction::Forward)
                .map(|row| row.map(|((_, position), event)| Queued { position, item: Item::Owed(event) })),
        )?;
        missed.collect(
            outbox::scan(read, server, since, until)
                .map(|row| row.map(|(position, _)| Queued { position, item: Item::Outbox })),
        )?;
        for room in self.rooms.rooms_of_server(server)? {
            let stored = ROOM_OUTGOING.get(read, &room)?;
            let newest = stored.max(outgoing.get(&room).copied()).unwrap_or_default();
            if since < newest && newest <= until {
                missed.items.extend(self.newest_event(read, server, room, newest)?);
            }
            self.missed_sticky_events(read, server, room, (since, until), &mut missed)?;
            self.missed_receipts(read, room, since, until, &mut missed)?;
        }
        Ok(missed.finish())
    }

    /// The newest outgoing event of a room, unless the server came into the room later.
    fn newest_event(
        &self,
        read: &dyn Read,
        server: ServerSid,
        room: RoomSid,
        position: Position,
    ) -> Result<Option<Queued>, Error> {
        let Some(event) = TIMELINE.get(read, &(room, position))? else { return Ok(None) };
        let concerned = self.audiences.of_event(event)?.servers.contains(&server);
        Ok(concerned.then_some(Queued { position, item: Item::Event(event) }))
    }

    /// What everybody in the room is to get is told one by one, however much it is: its time may be over before the
    /// server asks for what lies behind the newest event.
    fn missed_sticky_events(
        &self,
        read: &dyn Read,
        server: ServerSid,
        room: RoomSid,
        (since, until): (Position, Position),
        missed: &mut Collecting,
    ) -> Result<(), Error> {
        for (position, event) in self.rooms.own_sticky_events(read, room, since, until)? {
            let queued = Queued { position, item: Item::Event(event) };
            if !missed.items.contains(&queued) && self.audiences.of_event(event)?.servers.contains(&server) {
                missed.items.push(queued);
            }
        }
        Ok(())
    }

    fn missed_receipts(
        &self,
        read: &dyn Read,
        room: RoomSid,
        since: Position,
        until: Position,
        missed: &mut Collecting,
    ) -> Result<(), Error> {
        let (from, to) = ((room, since.next()), (room, until.next()));
        let newest = RECEIPT_STREAM.range(read, &from, &to, Direction::Backward);
        for row in newest.take(RECEIPTS_PER_ROOM_MAX) {
            let ((_, position), moved) = row?;
            if moved.kind == ReceiptKind::Public && self.is_own(moved.user)? {
                missed.items.push(Queued { position, item: Item::Receipt(room) });
            }
        }
        Ok(())
    }
}

impl Collecting {
    /// Takes from an ordered source; where it has more than can be taken, what lies behind is left for later.
    fn collect(&mut self, rows: impl Iterator<Item = Result<Queued, Error>>) -> Result<(), Error> {
        for (taken, row) in rows.enumerate() {
            if taken == MISSED_ITEMS_MAX {
                let last = self.items.last().map_or(self.until, |last| last.position);
                self.until = last.min(self.until);
                break;
            }
            self.items.push(row?);
        }
        Ok(())
    }

    fn finish(mut self) -> Missed {
        self.items.retain(|queued| queued.position <= self.until);
        self.items.sort_unstable();
        if self.items.len() > MISSED_ITEMS_MAX {
            self.items.truncate(MISSED_ITEMS_MAX);
            self.until = self.items.last().map_or(self.until, |last| last.position);
        }
        Missed { items: self.items, until: self.until }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox(position: u64) -> Queued {
        Queued { position: Position(position), item: Item::Outbox }
    }

    fn receipt(position: u64) -> Queued {
        Queued { position: Position(position), item: Item::Receipt(RoomSid(1)) }
    }

    #[test]
    fn what_was_missed_is_told_in_the_order_in_which_it_happened() {
        let mut missed = Collecting { items: Vec::new(), until: Position(100) };
        missed.collect([7, 9].map(|position| Ok(outbox(position))).into_iter()).expect("collects");
        missed.items.extend([receipt(3), receipt(8)]);
        let expected = vec![receipt(3), outbox(7), receipt(8), outbox(9)];
        assert_eq!(missed.finish(), Missed { items: expected, until: Position(100) });
    }

    #[test]
    fn where_one_source_has_too_much_nothing_behind_it_is_taken() {
        let many = MISSED_ITEMS_MAX as u64;
        let mut missed = Collecting { items: Vec::new(), until: Position(10 * many) };
        missed.collect((1..=many + 5).map(|position| Ok(outbox(2 * position)))).expect("collects");
        missed.items.extend([receipt(1), receipt(2 * many + 1)]);
        let missed = missed.finish();
        assert_eq!(missed.items.len(), MISSED_ITEMS_MAX);
        assert_eq!(
            (missed.items[0], missed.items.last().map(|last| last.position)),
            (receipt(1), Some(missed.until))
        );
        assert_eq!(missed.until, Position(2 * (many - 1)));
    }
}
