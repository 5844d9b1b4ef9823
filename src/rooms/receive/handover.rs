//! Taking a room over from a server that is in it: what comes with a join.
//!
//! The join stands on a state that was given, and what it follows is not here: the room's known history begins with it,
//! at a backward edge.
//! <https://spec.matrix.org/v1.19/server-server-api/#joining-rooms>

use kith_event::{RoomVersion, VerifiedPdu};
use kith_store::tables::{events::Verdict, members::ROOM_SERVERS};
use ruma::{OwnedRoomId, events::TimelineEventType};

use crate::{
    Rooms,
    commit::RoomWrite,
    ingest::{self, Against, IngestError, Ingested},
    partial_state::PartOfState,
    room::Room,
    write_error::WriteError,
};

/// A room as another server hands it over.
#[derive(Debug)]
pub struct Handover {
    /// The room.
    pub room_id: OwnedRoomId,
    /// Its version.
    pub version: &'static RoomVersion,
    /// The event with which this server comes into the room.
    pub event: VerifiedPdu,
    /// The whole state before that event.
    pub state: Vec<VerifiedPdu>,
    /// What authorises all of these.
    pub auth_chain: Vec<VerifiedPdu>,
    /// Most members are missing from the state.
    pub part: Option<PartOfState>,
}

impl Rooms {
    /// Comes into a room: stores its state and puts the event on it. Nothing is written if the state does not allow
    /// the event.
    pub fn take_over(&self, handover: Handover) -> Result<Ingested, WriteError> {
        let Handover { room_id, version, event, state, auth_chain, part } = handover;
        let create = state.iter().find(|event| event.pdu().is_state_of(&TimelineEventType::RoomCreate, ""));
        let create = create.ok_or_else(|| malformed("the state has no create event"))?.pdu();
        if event.pdu().room_id() != &room_id || create.room_id() != &room_id {
            return Err(malformed("the events belong to another room"));
        }
        let ids = self.store.ids();
        let room =
            Room { sid: ids.room(&room_id)?, id: room_id, version, create: ids.event(create.event_id())? };
        let state_ids: Vec<_> = state.iter().map(|event| event.pdu().event_id().clone()).collect();

        let lane = self.lanes.enter(room.sid)?;
        if let Some(known) = ingest::known(self, event.pdu().event_id())? {
            return Ok(known);
        }
        let mut write = self.open_or_begin(room)?;
        let sid = ids.event(event.pdu().event_id())?;
        write.partial = part.as_ref().map(|_| sid);
        write.store_outliers(auth_chain.into_iter().chain(state).collect())?;
        let given = write.state_of(&state_ids)?;
        if !given.left_out.is_empty() {
            let (count, room_id) = (given.left_out.len(), &write.room.id);
            tracing::warn!(%room_id, count, "events of the state that was handed over are left out");
        }
        let judged = ingest::judge_at(&mut write, event, given.root, Against::ItsOwnTime);
        let judged = judged.map_err(|error| match error {
            IngestError::Write(error) => error,
            other => malformed(&other.to_string()),
        })?;
        if judged.verdict != Verdict::Accepted {
            return Err(WriteError::Refused(judged.reason.unwrap_or_default()));
        }
        let ingested = Ingested::of(&judged);
        if !self.takes_part(&write.room)? {
            // What was known of the room from an earlier time has been left behind by those who stayed in it.
            write.heads.extremities.clear();
        }
        let before = write.heads.state;
        write.append(judged, None)?;
        let mut txn = self.store.begin();
        match &part {
            Some(part) => self.begin_partial(&mut txn, write.room.sid, sid, part)?,
            None => self.end_partial(&mut txn, write.room.sid)?,
        }
        write.come_in(&mut txn, before)?;
        let committed = self.commit([write], txn)?;
        drop(lane);
        committed.wait_durable()?;
        Ok(ingested)
    }

    /// The room as it is stored, or about to be founded.
    fn open_or_begin(&self, room: Room) -> Result<RoomWrite<'_>, WriteError> {
        match self.find_room_of(room.sid)? {
            Some(known) if known.create != room.create || known.version != room.version => {
                Err(malformed("the room is known by another create event"))
            }
            Some(known) if self.find_heads(known.sid)?.is_some() => Ok(RoomWrite::open(self, known)?),
            Some(_) | None => {
                let invited = self.invited_from_outside(room.sid)?;
                let mut write = RoomWrite::begin(self, room);
                write.heads.invited = invited;
                Ok(write)
            }
        }
    }

    /// Whether users of this server are in a room.
    pub(crate) fn takes_part(&self, room: &Room) -> Result<bool, kith_store::Error> {
        let own = self.store.ids().server(&self.server_name)?;
        ROOM_SERVERS.contains(self.store.engine(), &(room.sid, own))
    }
}

fn malformed(reason: &str) -> WriteError {
    WriteError::Malformed(reason.to_owned())
}
