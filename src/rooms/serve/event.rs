//! Single events.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1eventeventid>

use kith_store::{Read, tables::events::EVENT_META};
use ruma::{EventId, ServerName};

use super::ServeError;
use crate::Rooms;

impl Rooms {
    /// `/event`: one event, for a server that is in its room, or was when it happened.
    pub fn serve_event(
        &self,
        read: &dyn Read,
        server: &ServerName,
        event_id: &EventId,
    ) -> Result<String, ServeError> {
        let absent = || ServeError::NotFound("event");
        let event = self.store.ids().find_event(event_id)?.ok_or_else(absent)?;
        let meta = EVENT_META.get(read, &event)?.ok_or_else(absent)?;
        let room = self.room_of(meta.room)?;
        // To a server that is not in the room, the event is as good as unknown.
        let served = match self.serve_own(read, server, &room.id) {
            Err(ServeError::NotInRoom) => return Err(absent()),
            served => served?,
        };
        if !served.was_there(&meta)? {
            return Err(absent());
        }
        served.text_of(event, &meta)?.ok_or_else(absent)
    }
}
