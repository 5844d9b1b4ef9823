//! The orders of a room's events name the same events.

use kith_store::{
    Direction, Error,
    tables::{
        events::get_meta,
        rooms::{TIMELINE, TIMESTAMPS, TOPOLOGY},
    },
};

use super::RoomCheck;

impl RoomCheck<'_> {
    /// Every event of the topological order is in the order of time, and in the timeline if it arrived live; and no
    /// row is left over on either side.
    pub(super) fn orders(&mut self) -> Result<(), Error> {
        let (read, room) = (self.read, self.room.sid);
        let (mut placed, mut live) = (0_u64, 0_u64);
        for row in TOPOLOGY.scan(read, &room, Direction::Forward) {
            let ((_, depth, order), event) = row?;
            placed += 1;
            let meta = get_meta(read, event)?;
            let id = self.rooms.store.ids().event_id(event)?;
            let place = meta.place.as_ref();
            self.expect(meta.depth == depth && place.is_some_and(|place| place.order == order), || {
                format!("{id} says it stands elsewhere in the topological order")
            });
            let by_time = TIMESTAMPS.get(read, &(room, meta.timestamp_ms, order))?;
            self.expect(by_time == Some(event), || format!("{id} is missing from the order of time"));
            if let Some(position) = place.and_then(|place| place.position) {
                live += 1;
                let in_timeline = TIMELINE.get(read, &(room, position))?;
                self.expect(in_timeline == Some(event), || format!("{id} is missing from the timeline"));
            }
        }
        let mut rows = [0_u64; 2];
        for row in TIMELINE.scan(read, &room, Direction::Forward) {
            row?;
            rows[0] += 1;
        }
        for row in TIMESTAMPS.scan(read, &room, Direction::Forward) {
            row?;
            rows[1] += 1;
        }
        self.expect(rows == [live, placed], || "the orders of the room have different events".to_owned());
        Ok(())
    }
}
