//! A single event.

use kith_accounts::Requester;
use kith_store::{Error, EventSid, Read, RoomSid};
use ruma::{EventId, RoomId};
use serde_json::value::RawValue;

use crate::{
    ReadError, Rooms,
    render::Form,
    viewer::Viewer,
    visibility::{RoomView, Seen},
};

impl Rooms {
    /// `/event`: one event. What the viewer may not see does not exist for them.
    pub fn event(
        &self,
        read: &dyn Read,
        room_id: &RoomId,
        event_id: &EventId,
        viewer: &Viewer,
    ) -> Result<Box<RawValue>, ReadError> {
        let absent = ReadError::NotFound("event");
        let Some(room) = self.store.ids().find_room(room_id)? else { return Err(absent) };
        let view = self.view(read, room, viewer)?;
        let Some(seen) = view.look_for(event_id)? else { return Err(absent) };
        view.render(vec![seen], Form::ALONE)?.pop().ok_or(absent)
    }

    /// An event that another list mentions, as a user may see it.
    pub fn render_for(
        &self,
        requester: &Requester,
        room: RoomSid,
        event: EventSid,
    ) -> Result<Box<RawValue>, ReadError> {
        let absent = ReadError::NotFound("event");
        let read = self.store.read();
        let viewer =
            self.viewer(&*read, requester.user, &requester.user_id, requester.device_id.as_deref())?;
        let view = self.view(&*read, room, &viewer)?;
        let Some(seen) = view.look_at(event)? else { return Err(absent) };
        view.render(vec![seen], Form::IN_ROOM)?.pop().ok_or(absent)
    }
}

impl RoomView<'_> {
    /// What the viewer sees of the event of this id, if it is in the room.
    pub fn look_for(&self, event_id: &EventId) -> Result<Option<Seen>, Error> {
        match self.rooms.store.ids().find_event(event_id)? {
            Some(event) => self.look_at(event),
            None => Ok(None),
        }
    }
}
