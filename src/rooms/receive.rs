//! Receiving: how events of other servers come into rooms.
//!
//! What has to be asked of other servers is asked outside the room's lane: keys, and events that an event builds on.
//! Each event then enters the room by the one road (`ingest.rs`), in an order in which each comes after those it
//! builds on. Whether the sending server may take part in the room at all (`server_acl.rs`) is asked by the caller.
//! <https://spec.matrix.org/v1.19/server-server-api/#checks-performed-on-receipt-of-a-pdu>

mod asking;
pub mod backfill;
mod extremities;
mod fetching;
pub mod handover;
mod history;
mod servers;
mod turns;

use std::sync::Arc;

use kith_event::{ParseError, Pdu, VerifiedPdu, parse::parse_pdu};
use ruma::{RoomId, ServerName};
use serde_json::value::RawValue;

pub use self::extremities::DUMMY_EVENT;
pub(crate) use self::extremities::EXTREMITIES_MAX;
pub(crate) use self::fetching::Fetching;
use self::{backfill::TriedEdges, turns::Turns};
use crate::{
    Rooms,
    ingest::{self, IngestError, Ingested},
    room::Room,
    write_error::WriteError,
};

/// What is going on while events are received.
#[derive(Default)]
pub(crate) struct Receiving {
    /// Who may fetch what is missing for an event …
    fetch_turns: Turns,
    /// … and who for a reader.
    backfill_turns: Turns,
    tried_edges: TriedEdges,
}

/// Why an event of another server was not taken in. An event that breaks the room's rules is taken in, as rejected.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// The room could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// This server does not take part in the room.
    #[error("this server is not in the room")]
    UnknownRoom,
    /// It is no event of the room's version.
    #[error(transparent)]
    Malformed(#[from] ParseError),
    /// It belongs to another room than the sender says.
    #[error("the event belongs to another room")]
    OtherRoom,
    /// It is not signed by whom it has to be.
    #[error("{0}")]
    Unverified(String),
    /// What it builds on cannot be had.
    #[error("events that it builds on cannot be had")]
    Missing,
    /// Too much is being fetched for this room already.
    #[error("the room is too busy")]
    Busy,
}

/// An event at the door.
enum Arrived {
    /// It has been here before.
    Known(Ingested),
    New(Room, Pdu),
}

impl Rooms {
    /// Takes in an event that another server sent, with all that it builds on and that is not here yet.
    pub async fn receive(
        self: &Arc<Self>,
        origin: &ServerName,
        room_id: &RoomId,
        event: &RawValue,
    ) -> Result<Ingested, ReceiveError> {
        let (rooms, room_id, text) = (Arc::clone(self), room_id.to_owned(), event.get().to_owned());
        let (room, pdu) = match self.tasks.blocking(move || rooms.look_at_arrival(&room_id, &text)).await? {
            Arrived::Known(ingested) => return Ok(ingested),
            Arrived::New(room, pdu) => (room, pdu),
        };
        let event = self.verify_one(pdu).await?;
        metrics::counter!("kith_rooms_received_total").increment(1);
        let fetching = Fetching::new(self, room, origin);
        fetching.take_in(event).await
    }

    async fn verify_one(&self, pdu: Pdu) -> Result<VerifiedPdu, ReceiveError> {
        let verified = self.peers.verify_pdus(vec![pdu]).await.pop();
        match verified {
            Some(verified) => verified.map_err(|error| ReceiveError::Unverified(error.to_string())),
            None => Err(ReceiveError::Unverified("the signatures were not checked".to_owned())),
        }
    }

    /// The checks for which nobody has to be asked.
    fn look_at_arrival(&self, room_id: &RoomId, text: &str) -> Result<Arrived, ReceiveError> {
        let room = self.room(room_id)?.ok_or(ReceiveError::UnknownRoom)?;
        if !self.takes_part(&room)? {
            return Err(ReceiveError::UnknownRoom);
        }
        let pdu = parse_pdu(room.version, text)?;
        if *pdu.room_id() != room.id {
            return Err(ReceiveError::OtherRoom);
        }
        Ok(match ingest::known(self, pdu.event_id())? {
            Some(ingested) => Arrived::Known(ingested),
            None => Arrived::New(room, pdu),
        })
    }
}

impl From<kith_store::Error> for ReceiveError {
    fn from(error: kith_store::Error) -> Self {
        Self::Write(error.into())
    }
}

impl From<IngestError> for ReceiveError {
    fn from(error: IngestError) -> Self {
        match error {
            IngestError::Write(error) => Self::Write(error),
            IngestError::UnknownRoom => Self::UnknownRoom,
            IngestError::Unsigned(_) => Self::Unverified(error.to_string()),
            IngestError::Missing(_) => Self::Missing,
        }
    }
}
