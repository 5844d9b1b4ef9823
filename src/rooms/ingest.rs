//! The one road every event takes into a room, whether a local user sends it or another server: the table of contents.
//! <https://spec.matrix.org/v1.19/server-server-api/#checks-performed-on-receipt-of-a-pdu>
//!
//! That an event has the right format and signatures is known when it gets here. What it builds on must be here
//! already; what is missing is said, so that whoever can ask other servers fetches it outside the room's lane.

pub(crate) mod order;
mod outliers;
mod parents;
mod verdict;

use kith_event::{Pdu, VerifiedPdu};
use kith_store::{
    EventSid,
    state::StateRoot,
    tables::events::{EVENT_META, Verdict},
};
use ruma::{EventId, OwnedEventId, OwnedServerName, events::TimelineEventType};

use crate::{
    Rooms, commit::RoomWrite, partial_state::belief, policy, receive::EXTREMITIES_MAX, state_before,
    write_error::WriteError,
};

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
    /// The content was what the sender hashed.
    pub(crate) hash_matched: bool,
    /// It was built here just now, on the newest events: nothing can be waiting for it.
    pub(crate) own: bool,
    /// The policy server whose signature it lacks.
    pub(crate) unsigned: Option<OwnedServerName>,
}

/// An event without a place, with its verdict, ready to be written.
pub(crate) struct JudgedOutlier {
    pub(crate) sid: EventSid,
    pub(crate) pdu: Pdu,
    pub(crate) verdict: Verdict,
    /// Why it is not accepted.
    pub(crate) reason: Option<String>,
    pub(crate) auth: Vec<EventSid>,
    pub(crate) prev: Vec<EventSid>,
}

/// Whether an event has to be allowed by the room's current state too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Against {
    /// It is news: who may not say it any more is not heard.
    CurrentState,
    /// It is history, or begins the room: the current state has no say.
    ItsOwnTime,
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

impl Ingested {
    pub(crate) fn of(judged: &Judged) -> Self {
        Self { event: judged.sid, verdict: judged.verdict, reason: judged.reason.clone() }
    }
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
    /// The room's policy server has not signed the event and should be asked to.
    #[error("{0} has not signed the event")]
    Unsigned(OwnedServerName),
    /// Something has to be fetched first.
    #[error("events that it builds on are missing")]
    Missing(Missing),
}

impl Rooms {
    /// Takes in an event of a room that this server is in. An event that is not accepted is stored as such.
    pub fn ingest(&self, event: VerifiedPdu) -> Result<Ingested, IngestError> {
        self.take_in_or_ask(event, false)
    }

    /// The same, but where an event lacks no more than the signature of the room's policy server, nothing is written.
    pub(crate) fn ingest_or_ask(&self, event: VerifiedPdu) -> Result<Ingested, IngestError> {
        self.take_in_or_ask(event, true)
    }

    fn take_in_or_ask(&self, event: VerifiedPdu, asks: bool) -> Result<Ingested, IngestError> {
        let room = self.room(event.pdu().room_id())?.ok_or(IngestError::UnknownRoom)?;
        let lane = self.lanes.enter(room.sid).map_err(WriteError::from)?;
        let mut write = RoomWrite::open(self, room.clone())?;
        if let Some(known) = known(self, event.pdu().event_id())? {
            return Ok(known);
        }
        // Where the room was joined later than it was founded, its beginning is history and no news.
        let is_beginning = *event.pdu().kind() == TimelineEventType::RoomCreate;
        let against = if is_beginning { Against::ItsOwnTime } else { Against::CurrentState };
        let judged = judge(&mut write, event, against)?;
        if let Some(via) = judged.unsigned.as_ref().filter(|_| asks) {
            return Err(IngestError::Unsigned(via.clone()));
        }
        let ingested = Ingested::of(&judged);
        if is_beginning {
            write.append_history(judged)?;
        } else {
            write.append(judged, None)?;
        }
        let is_forked = write.heads.extremities.len() >= EXTREMITIES_MAX;
        let committed = self.commit([write], self.store.begin())?;
        drop(lane);
        committed.wait_durable()?;
        // The event is in, whether or not the forks can be brought together.
        if is_forked && let Err(error) = self.tie_up(&room) {
            tracing::warn!(room_id = %room.id, %error, "the room's forks are not brought together");
        }
        Ok(ingested)
    }
}

/// The road: what it builds on, the rules on its auth events, the state before it, the rules on that and on the
/// current state.
pub(crate) fn judge(
    write: &mut RoomWrite<'_>,
    event: VerifiedPdu,
    against: Against,
) -> Result<Judged, IngestError> {
    let (auth, prev) = parents::find(write, event.pdu())?;
    let state_before = state_before::before(write, &prev)?;
    judge_on(write, event, Parents { auth, prev, state_before }, against)
}

/// The same for an event whose state before is given: what it follows need not be here.
pub(crate) fn judge_at(
    write: &mut RoomWrite<'_>,
    event: VerifiedPdu,
    state_before: StateRoot,
    against: Against,
) -> Result<Judged, IngestError> {
    let (auth, prev) = parents::find_auth(write, event.pdu())?;
    judge_on(write, event, Parents { auth, prev, state_before }, against)
}

/// The first part of the road, for an event whose state before is not known: the rules on its auth events.
pub(crate) fn judge_outlier(write: &RoomWrite<'_>, event: VerifiedPdu) -> Result<JudgedOutlier, IngestError> {
    let (auth, prev) = parents::find_auth(write, event.pdu())?;
    let pdu = event.into_pdu();
    let sid = write.rooms.store.ids().event(pdu.event_id())?;
    let (verdict, reason) = match verdict::by_auth_events(write, sid, &pdu, &auth)? {
        Err(reason) => (Verdict::Rejected, Some(reason.to_string())),
        Ok(()) => (Verdict::Accepted, None),
    };
    Ok(JudgedOutlier { sid, pdu, verdict, reason, auth, prev })
}

/// What an event builds on.
struct Parents {
    auth: Vec<EventSid>,
    prev: Vec<EventSid>,
    state_before: StateRoot,
}

fn judge_on(
    write: &mut RoomWrite<'_>,
    event: VerifiedPdu,
    parents: Parents,
    against: Against,
) -> Result<Judged, IngestError> {
    let hash_matched = event.hash_matched();
    let pdu = event.into_pdu();
    let Parents { auth, prev, mut state_before } = parents;
    let sid = write.rooms.store.ids().event(pdu.event_id())?;
    let (mut verdict, mut reason) = match verdict::by_auth_events(write, sid, &pdu, &auth)? {
        Err(reason) => (Verdict::Rejected, Some(reason.to_string())),
        Ok(()) => {
            let mut now = (against == Against::CurrentState).then_some(write.heads.state);
            if write.partial.is_some() {
                // Members who are not known are believed to be what the event says they are.
                state_before = belief::with_authority(write, state_before, &auth)?;
                now = now.map(|now| belief::with_authority(write, now, &auth)).transpose()?;
            }
            verdict::by_states(write, &pdu, state_before, now)?
        }
    };
    let unsigned = policy::verdict(write, &pdu, verdict, against)?;
    if let Some(via) = &unsigned {
        (verdict, reason) = (Verdict::SoftFailed, Some(format!("{via} has not signed the event")));
    }
    if let Some(reason) = &reason {
        tracing::debug!(event_id = %pdu.event_id(), ?verdict, %reason, "an event is not accepted");
    }
    Ok(Judged { sid, pdu, verdict, reason, auth, prev, state_before, hash_matched, own: false, unsigned })
}

/// The verdict on an event of which all else is known.
pub(crate) fn verdict(
    write: &RoomWrite<'_>,
    event: EventSid,
    pdu: &Pdu,
    auth: &[EventSid],
    state_before: StateRoot,
) -> Result<(Verdict, Option<String>), WriteError> {
    match verdict::by_auth_events(write, event, pdu, auth)? {
        Err(reason) => Ok((Verdict::Rejected, Some(reason.to_string()))),
        Ok(()) => verdict::by_states(write, pdu, state_before, None),
    }
}

/// Whether the current state allows an event that is not taken in yet.
pub(crate) fn check_now(write: &RoomWrite<'_>, pdu: &Pdu) -> Result<(), WriteError> {
    Ok(verdict::by_state(write, pdu, write.heads.state)??)
}

/// What became of an event that came before, unless it has no place yet.
pub(crate) fn known(rooms: &Rooms, event_id: &EventId) -> Result<Option<Ingested>, kith_store::Error> {
    let Some(event) = rooms.store.ids().find_event(event_id)? else { return Ok(None) };
    let meta = EVENT_META.get(rooms.store.engine(), &event)?.filter(|meta| meta.place.is_some());
    Ok(meta.map(|meta| Ingested { event, verdict: meta.verdict, reason: meta.reason }))
}

impl From<kith_store::Error> for IngestError {
    fn from(error: kith_store::Error) -> Self {
        Self::Write(error.into())
    }
}
