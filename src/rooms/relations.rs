//! The events that relate to an event, directly or through others.
//!
//! <https://spec.matrix.org/v1.19/client-server-api/#relationships-api>

mod descendants;

use kith_store::{Direction, Error, EventSid, Read, tables::relations::RELATIONS};
use ruma::{EventId, RoomId};
use serde_json::value::RawValue;

use crate::{
    ReadError, Rooms,
    render::Form,
    timeline::Span,
    tokens::{Place, Token},
    viewer::Viewer,
    visibility::{RoomView, Seen},
};

pub use self::descendants::RECURSION_DEPTH;

/// A page never has more events than this, whatever the client asks for.
const PAGE_EVENTS_MAX: usize = 1_000;
/// How many events a page has if the client does not say.
pub const PAGE_EVENTS_DEFAULT: usize = 50;
/// How many relations one request looks at, shown or not.
const RELATIONS_LOOKED_AT_MAX: usize = 10_000;
/// How many are judged at a time.
const BATCH_EVENTS: usize = 64;

/// Which relations are wanted.
#[derive(Clone, Debug)]
pub struct RelationsRequest<'a> {
    /// Where to start; without, at the newest or oldest.
    pub from: Option<Token>,
    /// Where to stop.
    pub to: Option<Token>,
    /// Newest first or oldest first.
    pub direction: Direction,
    /// How many at most.
    pub limit: usize,
    /// Only this kind of relation.
    pub rel_type: Option<&'a str>,
    /// Only events of this type.
    pub kind: Option<&'a str>,
    /// Also what relates to what relates.
    pub recurse: bool,
}

/// A page of relations.
#[derive(Debug)]
pub struct RelationsPage {
    /// The events.
    pub chunk: Vec<Box<RawValue>>,
    /// Where to go on.
    pub next_batch: Option<Token>,
    /// How deep relations were followed, if that was asked for.
    pub recursion_depth: Option<u64>,
}

/// A child on its way to the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Child {
    place: Place,
    event: EventSid,
}

impl Rooms {
    /// `/relations`: the events that relate to an event.
    pub fn relations(
        &self,
        read: &dyn Read,
        room_id: &RoomId,
        event_id: &EventId,
        viewer: &Viewer,
        request: &RelationsRequest<'_>,
    ) -> Result<RelationsPage, ReadError> {
        let absent = || ReadError::NotFound("event");
        let room = self.store.ids().find_room(room_id)?.ok_or_else(absent)?;
        let view = self.view(read, room, viewer)?;
        let parent = view.look_for(event_id)?.ok_or_else(absent)?;
        let (from, to) = match request.direction {
            Direction::Backward => (request.to, request.from),
            Direction::Forward => (request.from, request.to),
        };
        let span = view.span(from, to)?;
        let children: Box<dyn Iterator<Item = Result<Child, Error>> + '_> = match request.recurse {
            true => Box::new(view.descendants(parent.event, span, request)?.into_iter().map(Ok)),
            false => Box::new(view.direct(parent.event, span, request)),
        };
        let (seen, next) = view.page_of(children, span, request)?;
        let chunk = view.render(seen, Form::ALONE)?;
        let recursion_depth = request.recurse.then_some(RECURSION_DEPTH);
        Ok(RelationsPage { chunk, next_batch: next.map(Token::Gap), recursion_depth })
    }
}

impl RoomView<'_> {
    /// The direct children in a stretch of the room, as they are read.
    fn direct<'a>(
        &'a self,
        parent: EventSid,
        span: Span,
        request: &'a RelationsRequest<'_>,
    ) -> impl Iterator<Item = Result<Child, Error>> + 'a {
        let from = (parent, span.lower.depth, span.lower.order, EventSid(0));
        let to = (parent, span.upper.depth, span.upper.order, EventSid(0));
        let rows = RELATIONS.range(self.read, &from, &to, request.direction).take(RELATIONS_LOOKED_AT_MAX);
        rows.filter_map(|row| match row {
            Ok(((_, depth, order, event), relation)) => {
                let fits = request.rel_type.is_none_or(|wanted| relation.rel_type == wanted)
                    && request.kind.is_none_or(|wanted| relation.kind == wanted);
                fits.then_some(Ok(Child { place: Place { depth, order }, event }))
            }
            Err(error) => Some(Err(error)),
        })
    }

    /// Takes what the viewer may see until the page is full; gives the gap to go on from if there is more.
    fn page_of(
        &self,
        children: impl Iterator<Item = Result<Child, Error>>,
        span: Span,
        request: &RelationsRequest<'_>,
    ) -> Result<(Vec<Seen>, Option<Place>), Error> {
        let limit = request.limit.clamp(1, PAGE_EVENTS_MAX);
        let mut children = children.peekable();
        let mut page = Vec::new();
        let mut last = None;
        while children.peek().is_some() {
            let batch: Vec<Child> = children.by_ref().take(BATCH_EVENTS).collect::<Result<_, _>>()?;
            let events: Vec<EventSid> = batch.iter().map(|child| child.event).collect();
            for (child, seen) in batch.iter().zip(self.look(&events)?) {
                let shown = seen.filter(|seen| seen.meta.redacted_by.is_none() && span.holds(&seen.meta));
                let Some(seen) = shown else { continue };
                if page.len() == limit {
                    return Ok((page, last));
                }
                page.push(seen);
                last = Some(match request.direction {
                    Direction::Backward => child.place,
                    Direction::Forward => child.place.above(),
                });
            }
        }
        Ok((page, None))
    }
}
