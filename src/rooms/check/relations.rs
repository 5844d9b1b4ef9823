//! Threads count the events that name them.

use std::collections::BTreeSet;

use kith_store::{
    Direction, Error, EventSid, Position,
    tables::{
        events::{EVENT_META, get_meta},
        relations::{RELATIONS, THREAD_ORDER, THREADS},
        rooms::TOPOLOGY,
    },
};

use super::RoomCheck;

impl RoomCheck<'_> {
    pub(super) fn relations(&mut self) -> Result<(), Error> {
        let (read, room) = (self.read, self.room.sid);
        let mut roots: BTreeSet<EventSid> = BTreeSet::new();
        for row in TOPOLOGY.scan(read, &room, Direction::Forward) {
            let (_, event) = row?;
            roots.extend(get_meta(read, event)?.place.and_then(|place| place.thread));
        }
        for root in &roots {
            self.thread(*root)?;
        }
        for row in THREAD_ORDER.scan(read, &room, Direction::Forward) {
            let ((_, position, root), ()) = row?;
            let record = THREADS.get(read, &root)?;
            let as_ordered = record.is_some_and(|record| record.room == room && record.position == position);
            self.expect(as_ordered, || format!("thread {} is ordered wrongly", root.0));
        }
        Ok(())
    }

    fn thread(&mut self, root: EventSid) -> Result<(), Error> {
        let (read, room) = (self.read, self.room.sid);
        let (mut count, mut latest) = (0, None);
        for row in RELATIONS.scan(read, &root, Direction::Forward) {
            let ((_, depth, order, child), record) = row?;
            let meta = EVENT_META.get(read, &child)?.filter(|meta| meta.room == room);
            let Some(meta) = meta else { continue };
            let place = meta.place.as_ref();
            self.expect(meta.depth == depth && place.is_some_and(|place| place.order == order), || {
                format!("the relation of event {} stands in the wrong place", child.0)
            });
            self.expect(meta.redacted_by.is_none(), || format!("redacted event {} still relates", child.0));
            if record.rel_type == "m.thread" {
                count += 1;
                // History has no position, and is the newest only where there is nothing else.
                latest = latest.max(place.map(|place| place.position.unwrap_or(Position::START)));
            }
        }
        match THREADS.get(read, &root)?.filter(|record| record.room == room) {
            Some(record) => {
                self.expect(record.count == count, || format!("thread {} is counted wrongly", root.0));
                self.expect(Some(record.position) == latest, || {
                    format!("thread {} has another latest event", root.0)
                });
                let ordered = THREAD_ORDER.contains(read, &(room, record.position, root))?;
                self.expect(ordered, || format!("thread {} is missing from the order", root.0));
            }
            None => self.expect(count == 0, || format!("thread {} has no summary", root.0)),
        }
        Ok(())
    }
}
