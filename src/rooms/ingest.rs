//! The one road every event takes into a room, whether a local user sends it or another server: the table of contents.
//! <https://spec.matrix.org/v1.19/server-server-api/#checks-performed-on-receipt-of-a-pdu>
//!
//! That an event has the right format and signatures is known when it gets here. What it builds on must be here
//! already; what is missing is said, so that whoever can ask other servers fetches it outside the room's lane.

mod parents;
mod verdict;

use kith_event::{Pdu, VerifiedPdu};
use kith_store::{EventSid, state::StateRoot, tables::events::Verdict};
use ruma::OwnedEventId;

use crate::{Rooms, commit::RoomWrite, state_before, write_error::WriteError};

/// An event with its verdict, ready to be written.
pub(crate) struct Judged {
    pub(crate) sid: EventSid,
    pub(crate) pdu: Pdu,
    pub(crate) verdict: Verdict,
    /// Why it is not accepted.
    pub(crate) reason: Option<String>,
    pub(crate) auth: Vec<EventSid>,
    pub(crate) prev: Vec<EventSid>,
    pub(crate) state_before: StateRoot,
}

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ingested {
    /// Its number.
    pub event: EventSid,
    /// The verdict of the checks.
    pub verdict: Verdict,
    /// Why it is not accepted.
    pub reason: Option<String>,
}

/// Events that have to be here first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// Of its `auth_events`.
    pub auth: Vec<OwnedEventId>,
    /// Of its `prev_events`: those not here, and those whose state is not known.
    pub prev: Vec<OwnedEventId>,
}

/// Why an event was not taken in at all.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The room could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// This server does not take part in the room.
    #[error("this server is not in the room")]
    UnknownRoom,
    /// Something has to be fetched first.
    #[error("events that it builds on are missing")]
    Missing(Missing),
}

impl Rooms {
    /// Takes in an event of a room that this server is in. An event that is not accepted is stored as such.
    pub fn ingest(&self, event: VerifiedPdu) -> Result<Ingested, IngestError> {
        let room = self.room(event.pdu().room_id())?.ok_or(IngestError::UnknownRoom)?;
        let lane = self.lanes.enter(room.sid).map_err(WriteError::from)?;
        let mut write = RoomWrite::open(self, room)?;
        if let Some(known) = known(&write, event.pdu())? {
            return Ok(known);
        }
        let judged = judge(&mut write, event)?;
        let ingested = Ingested { event: judged.sid, verdict: judged.verdict, reason: judged.reason.clone() };
        write.append(judged, None)?;
        let committed = self.commit([write], self.store.begin())?;
        drop(lane);
        committed.wait_durable()?;
        Ok(ingested)
    }
}

/// The road: what it builds on, the rules on its auth events, the state before it, the rules on that and on the
/// current state.
pub(crate) fn judge(write: &mut RoomWrite<'_>, event: VerifiedPdu) -> Result<Judged, IngestError> {
    let pdu = event.into_pdu();
    let sid = write.rooms.store.ids().event(pdu.event_id())?;
    let (auth, prev) = parents::find(write, &pdu)?;
    let by_auth_events = verdict::by_auth_events(write, sid, &pdu, &auth)?;
    let state_before = state_before::before(write, &prev)?;
    let (verdict, reason) = match by_auth_events {
        Err(reason) => (Verdict::Rejected, Some(reason.to_string())),
        Ok(()) => verdict::by_states(write, &pdu, state_before)?,
    };
    if let Some(reason) = &reason {
        tracing::debug!(event_id = %pdu.event_id(), ?verdict, %reason, "an event is not accepted");
    }
    Ok(Judged { sid, pdu, verdict, reason, auth, prev, state_before })
}

/// What became of an event that came before.
fn known(write: &RoomWrite<'_>, pdu: &Pdu) -> Result<Option<Ingested>, kith_store::Error> {
    let Some(event) = write.rooms.store.ids().find_event(pdu.event_id())? else { return Ok(None) };
    let meta = write.find_meta(event)?.filter(|meta| meta.place.is_some());
    Ok(meta.map(|meta| Ingested { event, verdict: meta.verdict, reason: meta.reason }))
}

impl From<kith_store::Error> for IngestError {
    fn from(error: kith_store::Error) -> Self {
        Self::Write(error.into())
    }
}
