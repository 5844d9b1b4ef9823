//! `sticky`: what everybody in a room is to get for some time, unless it is in the timeline anyway. History visibility has
//! no say in it.
//! <https://github.com/matrix-org/matrix-spec-proposals/pull/4354>

use kith_rooms::{
    render::Form,
    visibility::{RoomView, Seen},
};
use kith_store::{Direction, Error, Position, RoomSid, tables::sticky::STICKY_STREAM};
use serde_json::value::RawValue;

use super::timeline::Timeline;
use crate::moment::Moment;

/// How many sticky events of a room one answer has; where there are more, the newest. Whoever refreshes what they say
/// takes the place of what they said before, so what is left out is the least of it.
pub(crate) const STICKY_EVENTS_MAX: usize = 1_000;

impl Moment<'_> {
    /// The sticky events of a room behind `known`, without those in its timeline.
    pub(crate) fn sticky(
        &self,
        view: &RoomView<'_>,
        known: Option<Position>,
        timeline: &Timeline,
    ) -> Result<Vec<Box<RawValue>>, Error> {
        let since = known.unwrap_or(Position::START);
        let events =
            self.rooms().sticky_events(self.read, view.room(), since, self.until, STICKY_EVENTS_MAX)?;
        let mut events: Vec<_> = events.into_iter().map(|(_, event)| event).collect();
        events.retain(|event| timeline.events.iter().all(|seen| seen.event != *event));
        let seen: Vec<Seen> = view.look(&events)?.into_iter().flatten().collect();
        view.render(seen, Form::IN_ROOM.without_relations())
    }

    /// Whether something in a room became sticky behind `since`.
    pub(crate) fn had_sticky(&self, room: RoomSid, since: Position) -> Result<bool, Error> {
        let newest = STICKY_STREAM.scan(self.read, &(room,), Direction::Backward).next().transpose()?;
        Ok(newest.is_some_and(|((_, position), _)| position > since))
    }
}
