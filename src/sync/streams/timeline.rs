//! `timeline`: the newest events of a room that the user may see and the filter lets through.
//!
//! Read in stream order, from the newest back. It stops at the filter's limit; where events are missing between an
//! event and what it follows; and before a state event that a hidden event, or the other side of a fork, has overruled,
//! because clients take the newest state event of a timeline for the state. What lies behind is for `/messages`, which
//! finds it in the order of the conversation.

use std::collections::HashSet;

use kith_event::client_format::RoomIdIn;
use kith_rooms::{
    render::Form,
    visibility::{RoomView, Seen},
};
use kith_store::{
    Direction, Error, EventSid, Position, RoomSid, StateKeySid,
    state::StateRoot,
    tables::{
        events::{EVENT_META, Verdict},
        rooms::TIMELINE,
    },
};
use serde_json::value::RawValue;

use crate::{StateAfter, filter::EventFormat, moment::Moment, response, token};

/// How many events of a room one answer looks at, shown or not.
const EVENTS_LOOKED_AT_MAX: usize = 1_000;
/// How many events are judged at a time, at least and at most.
const BATCH_EVENTS_MIN: usize = 8;
const BATCH_EVENTS_MAX: usize = 128;

/// Which part of a room's stream is wanted.
pub(crate) struct Stretch<'a> {
    /// Only what arrived behind this.
    pub(crate) after: Option<Position>,
    /// Only what arrived up to here.
    pub(crate) upto: Position,
    /// Only what arrived at positions that this accepts.
    pub(crate) admits: &'a dyn Fn(Position) -> bool,
    /// The state that clients must come to from the timeline's events.
    pub(crate) leads_to: Option<StateRoot>,
}

/// The newest events of a room.
pub(crate) struct Timeline {
    /// Oldest first.
    pub(crate) events: Vec<Seen>,
    /// There is more between these events and what the client knows.
    pub(crate) limited: bool,
    /// Everything that arrived before this is behind the timeline.
    pub(crate) start: Position,
}

impl Timeline {
    /// A timeline without events, which ends where it starts.
    pub(crate) fn empty(upto: Position) -> Self {
        Self { events: Vec::new(), limited: false, start: upto.next() }
    }
}

/// What is known while reading back.
struct Reading<'a> {
    limit: usize,
    stretch: &'a Stretch<'a>,
    /// Newest first.
    kept: Vec<Seen>,
    /// The entries of the state that the kept events set.
    told: HashSet<StateKeySid>,
    limited: bool,
    /// The position of the last event that was kept, or passed over before the next one would be.
    start: Position,
}

impl Moment<'_> {
    /// The newest events of a stretch.
    pub(crate) fn timeline(&self, view: &RoomView<'_>, stretch: &Stretch<'_>) -> Result<Timeline, Error> {
        let room = view.room();
        let filter = &self.filter.room.timeline;
        let mut reading = Reading {
            limit: self.filter.room.timeline_limit(),
            stretch,
            kept: Vec::new(),
            told: HashSet::new(),
            limited: false,
            start: stretch.upto.next(),
        };
        if filter.allows_nothing() || !self.wants_timeline_of(room)? {
            return Ok(Timeline::empty(stretch.upto));
        }
        let from = (room, stretch.after.unwrap_or(Position::START).next());
        let to = (room, stretch.upto.next());
        let mut rows = TIMELINE.range(self.read, &from, &to, Direction::Backward);
        let mut looked_at = 0;
        while !reading.limited {
            let size = (reading.limit + 1 - reading.kept.len()).clamp(BATCH_EVENTS_MIN, BATCH_EVENTS_MAX);
            let mut batch = Vec::with_capacity(size);
            for row in rows.by_ref().take(size) {
                let ((_, position), event) = row?;
                batch.push((position, event));
            }
            let Some((oldest, _)) = batch.last().copied() else { break };
            looked_at += batch.len();
            self.read_batch(view, &batch, &mut reading)?;
            if !reading.limited && looked_at >= EVENTS_LOOKED_AT_MAX {
                (reading.limited, reading.start) = (true, oldest);
            }
        }
        let Reading { mut kept, limited, start, .. } = reading;
        kept.reverse();
        Ok(Timeline { events: kept, limited, start })
    }

    fn read_batch(
        &self,
        view: &RoomView<'_>,
        batch: &[(Position, EventSid)],
        reading: &mut Reading<'_>,
    ) -> Result<(), Error> {
        let filter = &self.filter.room.timeline;
        let events: Vec<EventSid> = batch.iter().map(|(_, event)| *event).collect();
        let looked = view.look(&events)?;
        let gaps = self.gaps(&events, &looked)?;
        for ((position, event), seen) in batch.iter().zip(looked) {
            let Some(seen) = seen.filter(|_| (reading.stretch.admits)(*position)) else { continue };
            let wanted =
                self.rooms().matches_filter(self.read, filter, *event, &self.rooms().pdu(*event)?)?;
            if wanted {
                if reading.kept.len() == reading.limit || self.is_overruled(view.room(), &seen, reading)? {
                    reading.limited = true;
                    return Ok(());
                }
                reading.told.extend(seen.meta.state_key);
                reading.kept.push(seen);
                reading.start = *position;
            }
            if gaps.contains(event) {
                (reading.limited, reading.start) = (true, *position);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Whether a state event, were it the newest of its entry in the timeline, would tell the client a state that the
    /// room is not in. The user's own membership goes on after he has left, beyond the last state he may see.
    fn is_overruled(&self, room: RoomSid, seen: &Seen, reading: &Reading<'_>) -> Result<bool, Error> {
        let (Some(key), Some(root)) = (seen.meta.state_key, reading.stretch.leads_to) else {
            return Ok(false);
        };
        if self.state_after != StateAfter::No
            || reading.told.contains(&key)
            || self.own_member_key()? == Some(key)
        {
            return Ok(false);
        }
        Ok(self.states(room).get(root, key)? != Some(seen.event))
    }

    /// The events that follow something which should be in the room's stream and is not: events were missed, or
    /// history begins here.
    fn gaps(&self, batch: &[EventSid], looked: &[Option<Seen>]) -> Result<HashSet<EventSid>, Error> {
        let near: HashSet<EventSid> = batch.iter().copied().collect();
        let mut far: Vec<(EventSid, EventSid)> = Vec::new();
        for seen in looked.iter().flatten() {
            let prev = seen.meta.prev.iter().filter(|prev| !near.contains(prev));
            far.extend(prev.map(|prev| (seen.event, *prev)));
        }
        let prev: Vec<EventSid> = far.iter().map(|(_, prev)| *prev).collect();
        let mut gaps = HashSet::new();
        for ((event, _), meta) in far.iter().zip(EVENT_META.get_many(self.read, &prev)?) {
            // What clients never see leaves no gap behind.
            let continues = meta.is_some_and(|meta| {
                meta.verdict != Verdict::Accepted || meta.place.is_some_and(|place| place.position.is_some())
            });
            if !continues {
                gaps.insert(*event);
            }
        }
        Ok(gaps)
    }

    fn wants_timeline_of(&self, room: RoomSid) -> Result<bool, Error> {
        let filter = &self.filter.room.timeline;
        if filter.rooms.is_none() && filter.not_rooms.is_empty() {
            return Ok(true);
        }
        Ok(filter.allows_room(&self.room_id(room)?))
    }

    /// A timeline as the client gets it.
    pub(crate) fn render_timeline(
        &self,
        view: &RoomView<'_>,
        timeline: Timeline,
    ) -> Result<response::Timeline, Error> {
        let events = match self.filter.event_format {
            EventFormat::Client => view.render(timeline.events, Form::IN_ROOM)?,
            EventFormat::Federation => {
                let events: Vec<EventSid> = timeline.events.iter().map(|seen| seen.event).collect();
                self.federation_form(&events)?
            }
        };
        Ok(response::Timeline {
            events: self.only_fields(events),
            limited: timeline.limited,
            prev_batch: Some(token::before(timeline.start)),
        })
    }

    /// State events as the client gets them.
    pub(crate) fn render_state(
        &self,
        view: &RoomView<'_>,
        events: &[EventSid],
    ) -> Result<Vec<Box<RawValue>>, Error> {
        let events = match self.filter.event_format {
            EventFormat::Client => view.render_state(events, RoomIdIn::Context)?,
            EventFormat::Federation => self.federation_form(events)?,
        };
        Ok(self.only_fields(events))
    }
}
