//! The state of a room before an event, with what it rests on.
//! <https://spec.matrix.org/v1.19/server-server-api/#retrieving-events>

use kith_store::{Error, EventSid, Read, tables::events::EVENT_JSON};
use ruma::{EventId, OwnedEventId, RoomId, ServerName};

use super::{ServeError, ServedRoom};
use crate::Rooms;

/// How many events are read at a time.
const BATCH_EVENTS: usize = 256;

/// A state by the names of its events.
#[derive(Clone, Debug)]
pub struct StateIds {
    /// The events of the state.
    pub state: Vec<OwnedEventId>,
    /// What they rest on.
    pub auth_chain: Vec<OwnedEventId>,
}

impl Rooms {
    /// `/state`: the state before an event and what it rests on, as two JSON arrays.
    pub fn serve_state(
        &self,
        read: &dyn Read,
        server: &ServerName,
        room_id: &RoomId,
        event_id: &EventId,
    ) -> Result<(String, String), ServeError> {
        let served = self.serve_history(read, server, room_id)?;
        let state = served.state_before(event_id)?;
        let chain = self.auth_chain(read, &served.room, &state)?;
        Ok((list_of(read, &state)?, list_of(read, &chain)?))
    }

    /// `/state_ids`: the same, by the events' names.
    pub fn serve_state_ids(
        &self,
        read: &dyn Read,
        server: &ServerName,
        room_id: &RoomId,
        event_id: &EventId,
    ) -> Result<StateIds, ServeError> {
        let served = self.serve_history(read, server, room_id)?;
        let state = served.state_before(event_id)?;
        let auth_chain = self.auth_chain(read, &served.room, &state)?;
        let named = |events: Vec<EventSid>| -> Result<Vec<OwnedEventId>, Error> {
            events.into_iter().map(|event| self.store.ids().event_id(event)).collect()
        };
        Ok(StateIds { state: named(state)?, auth_chain: named(auth_chain)? })
    }
}

impl ServedRoom<'_> {
    /// The events of the state before an event.
    fn state_before(&self, event_id: &EventId) -> Result<Vec<EventSid>, ServeError> {
        let (_, meta) = self.find_placed(event_id)?.ok_or_else(|| self.no_event())?;
        let place = meta.place.ok_or_else(|| self.no_event())?;
        let entries = self.states.iter(place.state_before).map(|entry| entry.map(|(_, event)| event));
        Ok(entries.collect::<Result<_, _>>()?)
    }
}

/// The texts of events as one JSON array, as they are stored.
pub(crate) fn list_of(read: &dyn Read, events: &[EventSid]) -> Result<String, Error> {
    let mut list = String::from("[");
    for batch in events.chunks(BATCH_EVENTS) {
        for (event, text) in batch.iter().zip(EVENT_JSON.get_many(read, batch)?) {
            let missing = || Error::Missing { table: "event_json", key: event.0.to_string() };
            push(&mut list, &text.ok_or_else(missing)?);
        }
    }
    list.push(']');
    Ok(list)
}

/// Adds an element to an array that is being written.
pub(super) fn push(list: &mut String, element: &str) {
    if list.len() > 1 {
        list.push(',');
    }
    list.push_str(element);
}
