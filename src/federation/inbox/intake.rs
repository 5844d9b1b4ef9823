//! The room domain as the inbox sees it, so that it can be stood in for.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use kith_base::Tasks;
use kith_event::parse_pdu;
use kith_rooms::{Rooms, WriteError, ingest::Ingested, receive::ReceiveError};
use kith_store::{Error, tables::events::Verdict};
use ruma::{OwnedEventId, RoomId, ServerName};
use serde_json::value::RawValue;

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Its id, if it could be told: it takes the version of the room.
    pub(crate) event_id: Option<OwnedEventId>,
    /// Why it was not taken in, if it was not.
    pub(crate) outcome: Result<(), String>,
}

/// Who takes events in.
pub(crate) trait Intake: Send + Sync {
    /// Whether a room is known here and does not shut a server out.
    fn admits(&self, origin: &ServerName, room_id: &RoomId) -> Result<bool, Error>;

    /// The id of an event, if it can be told: it takes the version of the room.
    fn event_id(&self, room_id: &RoomId, event: &RawValue) -> Result<Option<OwnedEventId>, Error>;

    /// Takes an event in, with everything that takes, and says what became of it. An error means that the event should
    /// come again.
    fn take_in<'a>(
        &'a self,
        origin: &'a ServerName,
        room_id: &'a RoomId,
        event: Box<RawValue>,
    ) -> BoxFuture<'a, Result<Taken, Error>>;
}

/// The room domain itself.
pub(crate) struct RoomsIntake {
    pub(crate) rooms: Arc<Rooms>,
    pub(crate) tasks: Tasks,
}

impl Intake for RoomsIntake {
    fn admits(&self, origin: &ServerName, room_id: &RoomId) -> Result<bool, Error> {
        match self.rooms.room(room_id)? {
            Some(room) => self.rooms.is_allowed_by_acl(room.sid, origin),
            None => Ok(false),
        }
    }

    fn event_id(&self, room_id: &RoomId, event: &RawValue) -> Result<Option<OwnedEventId>, Error> {
        event_id(&self.rooms, room_id, event)
    }

    fn take_in<'a>(
        &'a self,
        origin: &'a ServerName,
        room_id: &'a RoomId,
        event: Box<RawValue>,
    ) -> BoxFuture<'a, Result<Taken, Error>> {
        Box::pin(async move {
            let (rooms, from, to) = (Arc::clone(&self.rooms), origin.to_owned(), room_id.to_owned());
            let shut_out = self.tasks.blocking(move || is_shut_out(&rooms, &from, &to)).await?;
            let received = if shut_out {
                Err("the room shuts the server out".to_owned())
            } else {
                match self.rooms.receive(origin, room_id, &event).await {
                    Ok(ingested) => Ok(ingested),
                    Err(ReceiveError::UnknownRoom) => {
                        return self.take_from_outside(origin, room_id, &event).await;
                    }
                    Err(ReceiveError::Write(WriteError::Store(error))) if !is_damage(&error) => {
                        return Err(error);
                    }
                    Err(error) => Err(error.to_string()),
                }
            };
            let (rooms, room_id) = (Arc::clone(&self.rooms), room_id.to_owned());
            self.tasks.blocking(move || taken(&rooms, &room_id, &event, received)).await
        })
    }
}

impl RoomsIntake {
    /// An event of a room that this server is not in may still end an invite or a knock of one of its users.
    async fn take_from_outside(
        &self,
        origin: &ServerName,
        room_id: &RoomId,
        event: &RawValue,
    ) -> Result<Taken, Error> {
        let outcome = match self.rooms.receive_withdrawal(origin, room_id, event).await {
            Ok(true) => Ok(()),
            Ok(false) => Err("this server is not in the room".to_owned()),
            Err(WriteError::Store(error)) if !is_damage(&error) => return Err(error),
            Err(error) => Err(error.to_string()),
        };
        Ok(Taken { event_id: None, outcome })
    }
}

fn is_shut_out(rooms: &Rooms, origin: &ServerName, room_id: &RoomId) -> Result<bool, Error> {
    let Some(room) = rooms.room(room_id)? else { return Ok(false) };
    Ok(!rooms.is_allowed_by_acl(room.sid, origin)?)
}

/// Damage to what is stored will be there the next time too: it costs the event, not the transaction.
fn is_damage(error: &Error) -> bool {
    matches!(error, Error::Corrupt { .. } | Error::Missing { .. })
}

/// What became of an event, with its id, whether the room domain has it or not.
fn taken(
    rooms: &Rooms,
    room_id: &RoomId,
    event: &RawValue,
    received: Result<Ingested, String>,
) -> Result<Taken, Error> {
    let ingested = match received {
        Ok(ingested) => ingested,
        Err(refusal) => {
            return Ok(Taken { event_id: event_id(rooms, room_id, event)?, outcome: Err(refusal) });
        }
    };
    let event_id = Some(rooms.pdu(ingested.event)?.event_id().clone());
    let outcome = match ingested.verdict {
        Verdict::Rejected => Err(ingested.reason.unwrap_or_else(|| "the event is not allowed".to_owned())),
        Verdict::Accepted | Verdict::SoftFailed => Ok(()),
    };
    Ok(Taken { event_id, outcome })
}

/// The id of an event that may not have been taken in.
fn event_id(rooms: &Rooms, room_id: &RoomId, event: &RawValue) -> Result<Option<OwnedEventId>, Error> {
    let Some(room) = rooms.room(room_id)? else { return Ok(None) };
    Ok(parse_pdu(room.version, event.get()).ok().map(|pdu| pdu.event_id().clone()))
}
