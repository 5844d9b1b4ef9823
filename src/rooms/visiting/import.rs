//! Taking over a room: the events that came with the answer to a join are judged from the creation of the room upwards,
//! the state is made of those that hold, and the join is judged on that state. All of it is one commit.
//!
//! A room that this server was in before goes on where it was left: its newest event is now the join, with a gap
//! below it, and its state is what was told.

use std::collections::HashMap;

use kith_event::VerifiedPdu;
use kith_store::{
    EventSid, StateKeySid,
    state::StateRoot,
    tables::events::Verdict,
};
use ruma::{OwnedEventId, RoomId};

use super::arrival::Arrival;
use crate::{
    Rooms, WriteError,
    commit::RoomWrite,
    ingest::{self, Against, IngestError, order},
    membership::MembershipError,
    room::Room,
};

/// What became of a room that was to be taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Imported {
    /// This server is in it.
    Done,
    /// This server was in it already.
    AlreadyHome,
}

impl Rooms {
    pub(super) fn import(&self, room_id: &RoomId, arrival: Arrival) -> Result<Imported, MembershipError> {
        let ids = self.store.ids();
        let sid = ids.room(room_id)?;
        let create = ids.event(&arrival.create)?;
        let lane = self.lanes.enter(sid).map_err(WriteError::from)?;
        if self.find_heads(sid)?.is_some() && self.is_resident(sid)? {
            return Ok(Imported::AlreadyHome);
        }
        let version = arrival.join.pdu().room_version();
        let mut write = self.arrive_in(Room { sid, id: room_id.to_owned(), version, create })?;
        let before = write.heads.state;
        let events = take_events(&mut write, arrival.events, &arrival.create)?;
        let state = take_state(&mut write, &arrival.state, &events)?;
        let judged = ingest::judge_at(&mut write, arrival.join, state, Against::ItsOwnTime);
        let judged = judged.map_err(unusable)?;
        if judged.verdict != Verdict::Accepted {
            let reason = judged.reason.unwrap_or_default();
            return Err(MembershipError::NoHelp(format!("the state that came does not allow the join: {reason}")));
        }
        write.append(judged, None)?;
        let mut txn = self.store.begin();
        write.come_in(&mut txn, before)?;
        let committed = self.commit([write], txn)?;
        drop(lane);
        committed.wait_durable()?;
        Ok(Imported::Done)
    }

    /// The room, new or as it was left, with nothing to follow.
    fn arrive_in(&self, room: Room) -> Result<RoomWrite<'_>, MembershipError> {
        if self.find_heads(room.sid)?.is_none() {
            let sid = room.sid;
            let mut write = RoomWrite::begin(self, room);
            write.heads.invited = self.invited_from_outside(sid)?;
            return Ok(write);
        }
        let known = self.room_of(room.sid)?;
        if (known.create, known.version) != (room.create, room.version) {
            return Err(MembershipError::NoHelp("the room was founded by another event".to_owned()));
        }
        let mut write = RoomWrite::open(self, known)?;
        write.heads.extremities.clear();
        Ok(write)
    }
}

/// Takes events in as authority, those first that others lean on; gives those that hold.
fn take_events(
    write: &mut RoomWrite<'_>,
    events: Vec<VerifiedPdu>,
    create: &OwnedEventId,
) -> Result<HashMap<OwnedEventId, EventSid>, MembershipError> {
    let mut holding = HashMap::with_capacity(events.len());
    let ordered = order::sorted(events, VerifiedPdu::pdu, |pdu| pdu.auth_events());
    // Some rooms' events lean on the create event without naming it.
    let (first, rest): (Vec<_>, Vec<_>) =
        ordered.into_iter().partition(|event| event.pdu().event_id() == create);
    for event in first.into_iter().chain(rest) {
        let event_id = event.pdu().event_id().clone();
        if let Some(sid) = take_event(write, event)? {
            holding.insert(event_id, sid);
        }
    }
    if holding.contains_key(create) {
        Ok(holding)
    } else {
        Err(MembershipError::NoHelp("the create event of the room does not hold".to_owned()))
    }
}

fn take_event(write: &mut RoomWrite<'_>, event: VerifiedPdu) -> Result<Option<EventSid>, MembershipError> {
    // An event that is here has been judged, and may have a place that must not be lost.
    let known = write.rooms.store.ids().find_event(event.pdu().event_id())?;
    if let Some(sid) = known
        && let Some(meta) = write.find_meta(sid)?
    {
        return Ok((meta.room == write.room.sid && meta.verdict != Verdict::Rejected).then_some(sid));
    }
    match ingest::judge_outlier(write, event) {
        Ok(judged) if judged.verdict == Verdict::Rejected => Ok(None),
        Ok(judged) => Ok(Some(write.append_outlier(judged)?)),
        Err(IngestError::Missing(_)) => Ok(None),
        Err(error) => Err(unusable(error)),
    }
}

/// The state of those events that hold.
fn take_state(
    write: &mut RoomWrite<'_>,
    state: &[OwnedEventId],
    holding: &HashMap<OwnedEventId, EventSid>,
) -> Result<StateRoot, MembershipError> {
    let mut entries: HashMap<StateKeySid, EventSid> = HashMap::with_capacity(state.len());
    for event_id in state {
        let Some(event) = holding.get(event_id) else { continue };
        let Some(key) = write.meta(*event)?.state_key else { continue };
        if entries.insert(key, *event).is_some_and(|other| other != *event) {
            return Err(MembershipError::NoHelp("the state that came says something twice".to_owned()));
        }
    }
    Ok(write.states.build(entries)?)
}

fn unusable(error: IngestError) -> MembershipError {
    match error {
        IngestError::Write(error) => error.into(),
        IngestError::UnknownRoom | IngestError::Missing(_) => {
            MembershipError::NoHelp(format!("what came with the join is of no use: {error}"))
        }
    }
}
