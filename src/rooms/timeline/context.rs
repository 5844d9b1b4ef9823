//! The surroundings of an event.

use kith_store::{Direction, Error, Read, state::StateRoot};
use ruma::{EventId, RoomId};
use serde_json::value::RawValue;

use super::{PAGE_EVENTS_MAX, Span, Walk, Walked};
use crate::{
    ReadError, Rooms,
    filter::RoomEventFilter,
    render::{Form, Shown},
    tokens::{Place, Token},
    viewer::Viewer,
    visibility::RoomView,
};

/// An event with what stands around it.
#[derive(Debug)]
pub struct Context {
    /// Pages back from the oldest event.
    pub start: Token,
    /// Pages forward from the newest event.
    pub end: Token,
    /// What came before the event, newest first.
    pub events_before: Vec<Box<RawValue>>,
    /// The event.
    pub event: Box<RawValue>,
    /// What came after the event, oldest first.
    pub events_after: Vec<Box<RawValue>>,
    /// The state at the newest of all these.
    pub state: Vec<Box<RawValue>>,
}

impl Rooms {
    /// `/context`: an event with up to `limit` others around it.
    pub fn context(
        &self,
        read: &dyn Read,
        room_id: &RoomId,
        event_id: &EventId,
        viewer: &Viewer,
        limit: usize,
        filter: &RoomEventFilter,
    ) -> Result<Context, ReadError> {
        let view = self.enter(read, room_id, viewer)?;
        let seen = view.look_for(event_id)?.ok_or(ReadError::NotFound("event"))?;
        let place = seen.meta.place.as_ref().ok_or(ReadError::NotFound("event"))?;
        let at = Place { depth: seen.meta.depth, order: place.order };
        let limit = limit.min(PAGE_EVENTS_MAX);
        let below = Span { lower: Place::START, upper: at, after: None, until: None };
        let above = Span { lower: at.above(), upper: view.ceiling(), after: None, until: None };
        let before = view.surroundings(below, Direction::Backward, limit / 2, filter)?;
        let after = view.surroundings(above, Direction::Forward, limit - limit / 2, filter)?;
        let event = view.load(vec![seen])?;
        let state = view.context_state([&before.shown, &event, &after.shown], filter)?;
        Ok(Context {
            start: Token::Gap(before.next.unwrap_or(at)),
            end: Token::Gap(after.next.unwrap_or(at.above())),
            events_before: view.render_loaded(&before.shown, Form::ALONE)?,
            event: view.render_loaded(&event, Form::ALONE)?.pop().ok_or(ReadError::NotFound("event"))?,
            events_after: view.render_loaded(&after.shown, Form::ALONE)?,
            state,
        })
    }
}

impl RoomView<'_> {
    fn surroundings(
        &self,
        span: Span,
        direction: Direction,
        limit: usize,
        filter: &RoomEventFilter,
    ) -> Result<Walked, Error> {
        self.walk(&Walk { span, direction, limit, filter })
    }

    /// The state at the newest event, its members cut down to the senders if they are loaded lazily.
    fn context_state(
        &self,
        [before, event, after]: [&[Shown]; 3],
        filter: &RoomEventFilter,
    ) -> Result<Vec<Box<RawValue>>, Error> {
        let newest = after.last().or(event.first());
        let place = newest.and_then(|newest| newest.seen.meta.place.as_ref());
        let root = place.map_or(StateRoot::EMPTY, |place| place.room_state);
        let senders = before.iter().chain(event).chain(after).map(|shown| shown.pdu.sender().clone());
        self.filtered_state(root, filter, senders)
    }
}
