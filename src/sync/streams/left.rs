//! `leave`: a room the user has left or was banned from, up to the point where that happened.

use kith_rooms::visibility::{RoomView, Seen, Standing};
use kith_store::{
    Error, Position,
    tables::{events::EVENT_META, rooms::ROOMS},
};

use super::{
    account_data::ChangedTypes,
    timeline::{Stretch, Timeline},
};
use crate::{
    moment::Moment,
    response::LeftRoom,
    selection::{End, Left},
};

impl Moment<'_> {
    /// A room the user has left.
    pub(crate) fn left_room(&self, left: &Left, account_data: &ChangedTypes) -> Result<LeftRoom, Error> {
        let room = left.room;
        if !ROOMS.contains(self.read, &room)? {
            // An invite from outside that is over: nothing of the room was ever here.
            return Ok(LeftRoom { state: self.named_state(Vec::new()), ..LeftRoom::default() });
        }
        let view = self.rooms().view(self.read, room, self.viewer)?;
        let end = if left.changes.is_empty() { self.departure(&view)? } else { left.end };
        let timeline = self.left_timeline(&view, left, end)?;
        // Whoever was never in a room may not see its state.
        let state = match end {
            Some(end) => {
                let span = self.state_span(room, left.known, end.state)?;
                self.state(&span, &timeline, &[])?
            }
            None => Vec::new(),
        };
        let account_data = match self.since {
            Some(_) if !self.full_state => self.account_data_incremental(room, account_data)?,
            _ => self.account_data_complete(room)?,
        };
        Ok(LeftRoom {
            state: self.named_state(self.render_state(&view, &state)?),
            timeline: self.render_timeline(&view, timeline)?,
            account_data,
        })
    }

    fn left_timeline(&self, view: &RoomView<'_>, left: &Left, end: Option<End>) -> Result<Timeline, Error> {
        let (first, last) = (left.changes.first(), left.changes.last());
        let upto = last.map(|step| step.position).or(end.map(|end| end.position));
        let Some(upto) = upto else { return Ok(Timeline::empty(self.until)) };
        let since_first = first.map(|step| Position(step.position.0.saturating_sub(1)));
        let admits = |position| left.changes.is_empty() || left.was_there(position);
        let stretch = Stretch {
            after: left.known.or(since_first),
            upto,
            admits: &admits,
            leads_to: end.map(|end| end.state),
        };
        let mut timeline = self.timeline(view, &stretch)?;
        self.add_own_leave(left, &mut timeline)?;
        Ok(timeline)
    }

    /// The end of one's own membership is told in any case. History visibility may hide it, as it does a declined
    /// invite, and it may stand in no timeline: one that came while this server was not in the room.
    fn add_own_leave(&self, left: &Left, timeline: &mut Timeline) -> Result<(), Error> {
        let Some(step) = left.changes.last() else { return Ok(()) };
        if timeline.events.iter().any(|seen| seen.event == step.event)
            || timeline.events.len() >= self.filter.room.timeline_limit()
        {
            return Ok(());
        }
        let Some(meta) = EVENT_META.get(self.read, &step.event)? else { return Ok(()) };
        let pdu = self.rooms().pdu(step.event)?;
        if self.rooms().matches_filter(self.read, &self.filter.room.timeline, step.event, &pdu)? {
            timeline.events.push(Seen { event: step.event, meta, redacted: false });
        }
        Ok(())
    }

    /// Where the user left a room long ago.
    fn departure(&self, view: &RoomView<'_>) -> Result<Option<End>, Error> {
        let Standing::Departed(departure) = view.standing() else { return Ok(None) };
        let place = EVENT_META.get(self.read, &departure.event)?.and_then(|meta| meta.place);
        Ok(place.and_then(|place| Some(End { position: place.position?, state: place.room_state })))
    }
}
