//! From tokens to a stretch of a room's topological order.
//!
//! A stream token is no place in that order: events that arrived before it may stand above events that arrived
//! after it, where the conversation forked. So it becomes two things: a bound that is wide enough for the forks that
//! happen, and a test on the position at which each event arrived.

use kith_store::{
    Direction, Error, EventSid, Position,
    tables::{
        events::{EVENT_META, EventMeta},
        rooms::TIMELINE,
    },
};

use crate::{
    tokens::{Place, Token},
    visibility::RoomView,
};

/// How many events on its own side of a stream token are looked at for the one that stands farthest out.
const NEIGHBOURS_LOOKED_AT_MAX: usize = 64;

/// A stretch of a room's events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// The gap below the lowest event.
    pub(crate) lower: Place,
    /// The gap above the highest event.
    pub(crate) upper: Place,
    /// Only events that arrived behind this position.
    pub(crate) after: Option<Position>,
    /// Only events that arrived up to this position; what was fetched as history counts as old.
    pub(crate) until: Option<Position>,
}

impl Span {
    pub(crate) fn holds(&self, meta: &EventMeta) -> bool {
        let position = meta.place.as_ref().and_then(|place| place.position);
        let arrived_after = self.after.is_none_or(|after| position.is_some_and(|position| position > after));
        let arrived_until = self.until.is_none_or(|until| position.is_none_or(|position| position <= until));
        arrived_after && arrived_until
    }
}

impl RoomView<'_> {
    /// What lies between two tokens, the older one first, within what the viewer may page through.
    pub(crate) fn span(&self, from: Option<Token>, to: Option<Token>) -> Result<Span, Error> {
        let mut span = Span { lower: Place::START, upper: self.ceiling(), after: None, until: None };
        match from {
            None => {}
            Some(Token::Gap(place)) => span.lower = place,
            Some(Token::Stream(position)) => {
                let first_after = self.outermost(position, Direction::Forward)?;
                span.lower = first_after.unwrap_or(Place::END);
                span.after = Some(position);
            }
        }
        match to {
            None => {}
            Some(Token::Gap(place)) => span.upper = span.upper.min(place),
            Some(Token::Stream(position)) => {
                // History that was fetched because of what arrived next stands above what arrived before.
                let last_until = self.outermost(position, Direction::Backward)?.map(Place::above);
                let first_after = self.outermost(position, Direction::Forward)?;
                span.upper = span.upper.min(last_until.max(first_after).unwrap_or(Place::START));
                span.until = Some(position);
            }
        }
        Ok(span)
    }

    /// Of the events next to a position in stream order, the lowest behind it, or the highest up to it.
    fn outermost(&self, position: Position, direction: Direction) -> Result<Option<Place>, Error> {
        let (from, to) = match direction {
            Direction::Forward => (position.next(), Position::END),
            Direction::Backward => (Position::START, position.next()),
        };
        let rows = TIMELINE.range(self.read, &(self.room, from), &(self.room, to), direction);
        let mut events: Vec<EventSid> = Vec::new();
        for row in rows.take(NEIGHBOURS_LOOKED_AT_MAX) {
            events.push(row?.1);
        }
        let metas = EVENT_META.get_many(self.read, &events)?;
        let places = metas
            .into_iter()
            .flatten()
            .filter_map(|meta| Some(Place { depth: meta.depth, order: meta.place.as_ref()?.order }));
        Ok(match direction {
            Direction::Forward => places.min(),
            Direction::Backward => places.max(),
        })
    }
}
