//! The surroundings of an event.

use kith_store::{Direction, Error, Read, state::StateRoot};
use ruma::{EventId, OwnedUserId, RoomId};
use serde_json::value::RawValue;

use super::{PAGE_EVENTS_MAX, Span, Walk, Walked};
use crate::{
    ReadError, Rooms,
    filter::RoomEventFilter,
    render::{Form, Shown},
    tokens::{Place, Token},
    viewer::Viewer,
    visibility::{RoomView, Seen},
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

/// The surroundings of an event that a search has found.
#[derive(Debug)]
pub struct FoundContext {
    /// Pages back from the oldest event.
    pub start: Token,
    /// Pages forward from the newest event.
    pub end: Token,
    /// What came before the event, newest first.
    pub events_before: Vec<Box<RawValue>>,
    /// What came after the event, oldest first.
    pub events_after: Vec<Box<RawValue>>,
    /// What the senders of all these called themselves at the time.
    pub profiles: Vec<(OwnedUserId, ProfileThen)>,
}

/// What somebody called themselves in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileThen {
    /// Their name.
    pub display_name: Option<String>,
    /// Their picture.
    pub avatar_url: Option<String>,
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
        let limit = limit.min(PAGE_EVENTS_MAX);
        let around = view.surroundings(&seen, limit / 2, limit - limit / 2, filter)?;
        let around = around.ok_or(ReadError::NotFound("event"))?;
        let event = view.load(vec![seen])?;
        let state = view.context_state([&around.before.shown, &event, &around.after.shown], filter)?;
        Ok(Context {
            start: around.start(),
            end: around.end(),
            events_before: view.render_loaded(&around.before.shown, Form::ALONE)?,
            event: view.render_loaded(&event, Form::ALONE)?.pop().ok_or(ReadError::NotFound("event"))?,
            events_after: view.render_loaded(&around.after.shown, Form::ALONE)?,
            state,
        })
    }
}

/// What stands around an event.
struct Around {
    at: Place,
    before: Walked,
    after: Walked,
}

impl Around {
    fn start(&self) -> Token {
        Token::Gap(self.before.next.unwrap_or(self.at))
    }

    fn end(&self) -> Token {
        Token::Gap(self.after.next.unwrap_or(self.at.above()))
    }
}

impl RoomView<'_> {
    /// An event with up to so many others before and after it; nothing for an event without a place.
    pub fn found_context(
        &self,
        seen: &Seen,
        before_limit: usize,
        after_limit: usize,
    ) -> Result<Option<FoundContext>, Error> {
        let limits = (before_limit.min(PAGE_EVENTS_MAX), after_limit.min(PAGE_EVENTS_MAX));
        let everything = RoomEventFilter::default();
        let Some(around) = self.surroundings(seen, limits.0, limits.1, &everything)? else {
            return Ok(None);
        };
        let shown = around.before.shown.iter().chain(&around.after.shown);
        let mut senders: Vec<OwnedUserId> = shown.map(|shown| shown.pdu.sender().clone()).collect();
        senders.push(self.rooms.pdu(seen.event)?.sender().clone());
        senders.sort_unstable();
        senders.dedup();
        let newest = around.after.shown.last().map_or(seen, |newest| &newest.seen);
        let root = newest.meta.place.as_ref().map_or(StateRoot::EMPTY, |place| place.state_after);
        Ok(Some(FoundContext {
            start: around.start(),
            end: around.end(),
            events_before: self.render_loaded(&around.before.shown, Form::ALONE)?,
            events_after: self.render_loaded(&around.after.shown, Form::ALONE)?,
            profiles: self.profiles_in(root, senders)?,
        }))
    }

    /// What users call themselves in a state.
    fn profiles_in(
        &self,
        root: StateRoot,
        users: Vec<OwnedUserId>,
    ) -> Result<Vec<(OwnedUserId, ProfileThen)>, Error> {
        let mut profiles = Vec::with_capacity(users.len());
        for user in users {
            let Some(key) = self.member_key_of(&user)? else { continue };
            let Some(event) = self.states.get(root, key)? else { continue };
            let member = self.rooms.pdu(event)?;
            let profile = ProfileThen {
                display_name: member.content_field("displayname"),
                avatar_url: member.content_field("avatar_url"),
            };
            profiles.push((user, profile));
        }
        Ok(profiles)
    }

    fn surroundings(
        &self,
        seen: &Seen,
        before_limit: usize,
        after_limit: usize,
        filter: &RoomEventFilter,
    ) -> Result<Option<Around>, Error> {
        let Some(place) = &seen.meta.place else { return Ok(None) };
        let at = Place { depth: seen.meta.depth, order: place.order };
        let below = Span { lower: Place::START, upper: at, after: None, until: None };
        let above = Span { lower: at.above(), upper: self.ceiling(), after: None, until: None };
        let walk = |span, direction, limit| self.walk(&Walk { span, direction, limit, filter });
        let before = walk(below, Direction::Backward, before_limit)?;
        let after = walk(above, Direction::Forward, after_limit)?;
        Ok(Some(Around { at, before, after }))
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
