//! Reading a room's state: the current one for members, the one at the point of leaving for those who left.
//!
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidstate>

use std::collections::HashSet;

use kith_event::client_format::RoomIdIn;
use kith_store::{Error, EventSid, Read, state::StateRoot};
use ruma::{OwnedUserId, RoomId};
use serde_json::value::RawValue;

use crate::{
    ReadError, Rooms,
    filter::RoomEventFilter,
    render::Form,
    viewer::Viewer,
    visibility::{RoomView, Seen},
};

/// How a single state event is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateForm {
    /// Its content alone.
    Content,
    /// The whole event.
    Event,
}

impl Rooms {
    /// `/state`: every state event that the viewer may read.
    pub fn state_events(
        &self,
        read: &dyn Read,
        room_id: &RoomId,
        viewer: &Viewer,
    ) -> Result<Vec<Box<RawValue>>, ReadError> {
        let view = self.enter(read, room_id, viewer)?;
        let root = view.reading_point().ok_or(ReadError::Forbidden)?;
        let events: Vec<EventSid> =
            view.states.iter(root).map(|entry| entry.map(|(_, event)| event)).collect::<Result<_, _>>()?;
        Ok(view.render_state(&events, RoomIdIn::Event)?)
    }

    /// `/state/{type}/{key}`: one state event.
    pub fn state_event(
        &self,
        read: &dyn Read,
        room_id: &RoomId,
        viewer: &Viewer,
        kind: &str,
        state_key: &str,
        form: StateForm,
    ) -> Result<Box<RawValue>, ReadError> {
        let absent = ReadError::NotFound("state event");
        let view = self.enter(read, room_id, viewer)?;
        let root = view.reading_point().ok_or(ReadError::Forbidden)?;
        let Some(key) = self.store.ids().find_state_key(kind, state_key)? else { return Err(absent) };
        let Some(event) = view.states.get(root, key)? else { return Err(absent) };
        match form {
            StateForm::Content => Ok(self.pdu(event)?.content().to_owned()),
            StateForm::Event => {
                let meta = kith_store::tables::events::get_meta(read, event)?;
                let seen = Seen { event, meta, redacted: false };
                view.render(vec![seen], Form::ALONE)?.pop().ok_or(absent)
            }
        }
    }
}

impl RoomView<'_> {
    /// The state events that pass a filter, as clients get them. If the filter loads members lazily, the only
    /// member events are those of `senders`.
    pub(crate) fn filtered_state(
        &self,
        root: StateRoot,
        filter: &RoomEventFilter,
        senders: impl IntoIterator<Item = OwnedUserId>,
    ) -> Result<Vec<Box<RawValue>>, Error> {
        if filter.allows_nothing() {
            return Ok(Vec::new());
        }
        let senders: HashSet<String> = senders.into_iter().map(|sender| sender.to_string()).collect();
        let everything =
            RoomEventFilter { lazy_load_members: filter.lazy_load_members, ..RoomEventFilter::default() };
        let filtered = *filter != everything;
        let mut events = Vec::new();
        for entry in self.states.iter(root) {
            let (key, event) = entry?;
            let (kind, state_key) = self.rooms.store.ids().state_key_of(key)?;
            let spare =
                filter.lazy_load_members && kind == "m.room.member" && !senders.contains(state_key.as_str());
            if spare || !filter.allows_type(&kind) {
                continue;
            }
            if !filtered || self.rooms.matches_filter(self.read, filter, event, &self.rooms.pdu(event)?)? {
                events.push(event);
            }
        }
        self.render_state(&events, RoomIdIn::Event)
    }
}
