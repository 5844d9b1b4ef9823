//! Auth chains: everything that events rest on, back to the start of the room.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1event_authroomideventid>

use std::collections::HashSet;

use kith_store::{Error, EventSid, Read, tables::events::EVENT_META};
use ruma::{EventId, RoomId, ServerName};

use super::{ServeError, ServedRoom, state::list_of};
use crate::{Rooms, room::Room};

/// How many events are read at a time.
const BATCH_EVENTS: usize = 512;

impl Rooms {
    /// `/event_auth`: the auth chain of an event, as a JSON array.
    pub fn serve_event_auth(
        &self,
        read: &dyn Read,
        server: &ServerName,
        room_id: &RoomId,
        event_id: &EventId,
    ) -> Result<String, ServeError> {
        let served = self.serve_history(read, server, room_id)?;
        let event = served.find_any(event_id)?.ok_or_else(|| served.no_event())?;
        let chain = self.auth_chain(read, &served.room, &[event])?;
        Ok(list_of(read, &chain)?)
    }

    /// The events in the auth chains of `events`. Those themselves are among them only where one rests on another.
    ///
    /// Where the room's id names its create event, no event names it among its auth events; it belongs to the chain
    /// of each all the same.
    pub(crate) fn auth_chain(
        &self,
        read: &dyn Read,
        room: &Room,
        events: &[EventSid],
    ) -> Result<Vec<EventSid>, Error> {
        let mut chain = Vec::new();
        let mut known: HashSet<EventSid> = HashSet::new();
        if events.iter().any(|event| *event != room.create) && known.insert(room.create) {
            chain.push(room.create);
        }
        let mut walked: HashSet<EventSid> = HashSet::new();
        let mut waiting: Vec<EventSid> = events.to_vec();
        while !waiting.is_empty() {
            let mut batch: Vec<EventSid> = waiting.split_off(waiting.len().saturating_sub(BATCH_EVENTS));
            batch.retain(|event| walked.insert(*event));
            for meta in EVENT_META.get_many(read, &batch)?.into_iter().flatten() {
                for auth in meta.auth {
                    if known.insert(auth) {
                        chain.push(auth);
                        waiting.push(auth);
                    }
                }
            }
        }
        Ok(chain)
    }
}

impl ServedRoom<'_> {
    /// An event of the room by its name, placed or not.
    fn find_any(&self, event_id: &EventId) -> Result<Option<EventSid>, Error> {
        let Some(event) = self.rooms.store.ids().find_event(event_id)? else { return Ok(None) };
        let Some(meta) = EVENT_META.get(self.read, &event)? else { return Ok(None) };
        Ok((self.may_leave(&meta) && self.was_there(&meta)?).then_some(event))
    }
}
