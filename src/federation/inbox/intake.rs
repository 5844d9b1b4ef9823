//! The room domain as the inbox sees it, so that it can be stood in for.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use kith_base::Tasks;
use kith_event::{Pdu, parse_pdu};
use kith_peers::Peers;
use kith_rooms::Rooms;
use kith_store::{Error, tables::events::Verdict};
use ruma::{OwnedEventId, OwnedServerName, RoomId, ServerName};
use serde_json::value::RawValue;

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Its id, if it could be told: it takes the version of the room.
    pub(crate) event_id: Option<OwnedEventId>,
    /// Why it was not taken in, if it was not.
    pub(crate) outcome: Result<(), String>,
}

impl Taken {
    fn refused(event_id: Option<OwnedEventId>, reason: impl ToString) -> Self {
        Self { event_id, outcome: Err(reason.to_string()) }
    }
}

/// Who takes events in.
pub(crate) trait Intake: Send + Sync {
    /// Whether a room is known here and does not shut a server out.
    fn admits(&self, origin: &ServerName, room_id: &RoomId) -> Result<bool, Error>;

    /// Takes an event in, with everything that takes, and says what became of it.
    fn take_in<'a>(
        &'a self,
        origin: &'a ServerName,
        room_id: &'a RoomId,
        event: Box<RawValue>,
    ) -> BoxFuture<'a, Taken>;
}

/// The room domain itself.
pub(crate) struct RoomsIntake {
    pub(crate) rooms: Arc<Rooms>,
    pub(crate) peers: Arc<Peers>,
    pub(crate) tasks: Tasks,
}

impl Intake for RoomsIntake {
    fn admits(&self, origin: &ServerName, room_id: &RoomId) -> Result<bool, Error> {
        admits(&self.rooms, origin, room_id)
    }

    fn take_in<'a>(
        &'a self,
        origin: &'a ServerName,
        room_id: &'a RoomId,
        event: Box<RawValue>,
    ) -> BoxFuture<'a, Taken> {
        Box::pin(async move {
            let (rooms, origin, room_id) = (Arc::clone(&self.rooms), origin.to_owned(), room_id.to_owned());
            let read = self.tasks.blocking(move || read(&rooms, &origin, &room_id, &event)).await;
            let pdu = match read {
                Ok(pdu) => pdu,
                Err(taken) => return taken,
            };
            let event_id = pdu.event_id().clone();
            let verified = match self.peers.verify_pdus(vec![pdu]).await.pop() {
                Some(Ok(verified)) => verified,
                Some(Err(error)) => return Taken::refused(Some(event_id), error),
                None => return Taken::refused(Some(event_id), "the event could not be verified"),
            };
            let rooms = Arc::clone(&self.rooms);
            let outcome = match self.tasks.blocking(move || rooms.ingest(verified)).await {
                Ok(ingested) if ingested.verdict == Verdict::Rejected => {
                    Err(ingested.reason.unwrap_or_else(|| "the event is not allowed".to_owned()))
                }
                Ok(_) => Ok(()),
                Err(error) => Err(error.to_string()),
            };
            Taken { event_id: Some(event_id), outcome }
        })
    }
}

fn admits(rooms: &Rooms, origin: &ServerName, room_id: &RoomId) -> Result<bool, Error> {
    match rooms.room(room_id)? {
        Some(room) => rooms.is_server_allowed(room.sid, origin),
        None => Ok(false),
    }
}

/// Reads an event by the rules of its room.
fn read(
    rooms: &Rooms,
    origin: &OwnedServerName,
    room_id: &RoomId,
    event: &RawValue,
) -> Result<Pdu, Taken> {
    let room = rooms.room(room_id).map_err(|error| Taken::refused(None, error))?;
    let room = room.ok_or_else(|| Taken::refused(None, "the room is not known here"))?;
    let pdu = parse_pdu(room.version, event.get()).map_err(|error| Taken::refused(None, error))?;
    let event_id = || Some(pdu.event_id().clone());
    match rooms.is_server_allowed(room.sid, origin) {
        Ok(true) => Ok(pdu),
        Ok(false) => Err(Taken::refused(event_id(), "the room shuts the server out")),
        Err(error) => Err(Taken::refused(event_id(), error)),
    }
}
