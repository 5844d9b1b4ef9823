//! Reading a room's history: pages in both directions, the surroundings of an event, single events, events by date.
//!
//! History is read in topological order, so that what was fetched later stands where it belongs. The work of one
//! request is bounded: a page may come out short, or empty, over stretches that the viewer may not see, and its
//! `end` token goes on from there.

mod context;
mod event;
mod gap;
mod span;
mod timestamp;
mod walk;

use kith_store::{Direction, Error, Read, StateKeySid, state::StateRoot};
use ruma::{OwnedUserId, RoomId};
use serde_json::value::RawValue;

pub use self::{
    context::Context,
    gap::Gap,
    timestamp::{Found, Moment},
};
pub(crate) use self::{
    span::Span,
    walk::{Walk, Walked},
};
use crate::{
    ReadError, Rooms,
    filter::RoomEventFilter,
    render::{Form, Shown},
    tokens::{Place, Token},
    viewer::Viewer,
    visibility::{RoomView, Standing},
};

/// A page never has more events than this, whatever the client asks for.
pub const PAGE_EVENTS_MAX: usize = 1_000;

/// Which page of a room's history is wanted.
#[derive(Clone, Debug)]
pub struct PageRequest {
    /// Where to start; without, at the newest or oldest event the viewer may see.
    pub from: Option<Token>,
    /// Where to stop at the latest.
    pub to: Option<Token>,
    /// Back in time or forward.
    pub direction: Direction,
    /// How many events at most.
    pub limit: usize,
    /// Which events.
    pub filter: RoomEventFilter,
}

/// A page of a room's history.
#[derive(Debug)]
pub struct Page {
    /// Where the page starts.
    pub start: Token,
    /// Where to go on; absent at the end of what the viewer may see.
    pub end: Option<Token>,
    /// The events, in the direction of the page.
    pub chunk: Vec<Box<RawValue>>,
    /// The membership events of the senders, if members are loaded lazily.
    pub state: Vec<Box<RawValue>>,
    /// Where history is missing that belongs on the page.
    pub gap: Option<Gap>,
}

impl Rooms {
    /// `/messages`: a page of a room's history.
    pub fn messages(
        &self,
        read: &dyn Read,
        room_id: &RoomId,
        viewer: &Viewer,
        request: &PageRequest,
    ) -> Result<Page, ReadError> {
        let view = self.enter(read, room_id, viewer)?;
        let (from, to) = match request.direction {
            Direction::Backward => (request.to, request.from),
            Direction::Forward => (request.from, request.to),
        };
        let span = view.span(from, to)?;
        let start = request.from.unwrap_or(match request.direction {
            // The end of a room moves on: what comes later is to be had forward from here.
            Direction::Backward if span.upper == Place::END => Token::Stream(view.horizon()),
            Direction::Backward => Token::Gap(span.upper),
            Direction::Forward => Token::Gap(span.lower),
        });
        let limit = request.limit.min(PAGE_EVENTS_MAX);
        let Walked { shown, next } =
            view.walk(&Walk { span, direction: request.direction, limit, filter: &request.filter })?;
        let state = view.lazy_members(&shown, &request.filter)?;
        let chunk = view.render_loaded(&shown, Form::ALONE)?;
        let gap = match request.direction {
            Direction::Backward => view.gap(span.upper, next.unwrap_or(span.lower), shown.len() == limit)?,
            Direction::Forward => None,
        };
        Ok(Page { start, end: next.map(Token::Gap), chunk, state, gap })
    }
}

impl RoomView<'_> {
    /// The upper end of what the viewer may page through: where they left, or the end of the room.
    pub(crate) fn ceiling(&self) -> Place {
        match self.standing() {
            Standing::Departed(departure) if !self.may_peek() => departure.place.above(),
            Standing::Joined | Standing::Departed(_) | Standing::Outside => Place::END,
        }
    }

    /// The membership events of the events' senders as of the first of the events, if the filter loads members
    /// lazily.
    pub(crate) fn lazy_members(
        &self,
        shown: &[Shown],
        filter: &RoomEventFilter,
    ) -> Result<Vec<Box<RawValue>>, Error> {
        let place = shown.first().and_then(|first| first.seen.meta.place.as_ref());
        let (true, Some(place)) = (filter.lazy_load_members, place) else { return Ok(Vec::new()) };
        let mut keys = Vec::new();
        for Shown { pdu, .. } in shown {
            if let Some(key) = self.member_key_of(pdu.sender())?
                && !keys.contains(&key)
            {
                keys.push(key);
            }
        }
        self.state_of_keys(place.room_state, &keys)
    }

    pub(crate) fn member_key_of(&self, user: &OwnedUserId) -> Result<Option<StateKeySid>, Error> {
        self.rooms.store.ids().find_state_key("m.room.member", user.as_str())
    }

    /// Some entries of a state, as clients get them.
    pub(crate) fn state_of_keys(
        &self,
        root: StateRoot,
        keys: &[StateKeySid],
    ) -> Result<Vec<Box<RawValue>>, Error> {
        let events: Vec<_> = self.states.get_many(root, keys)?.into_iter().flatten().collect();
        self.render_state(&events, kith_event::client_format::RoomIdIn::Event)
    }
}
