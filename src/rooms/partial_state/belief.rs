//! What is believed of a state that is not wholly known: what is known, together with what an event names as its
//! authority. Both have been signed by whom they have to be; where they disagree, they are resolved.

use kith_event::VerifiedPdu;
use kith_store::{EventSid, state::StateRoot, tables::events::Verdict};

use crate::{
    Rooms,
    commit::RoomWrite,
    ingest::{self, Against, IngestError, Ingested},
    resolution,
    write_error::WriteError,
};

/// The state before an event, as far as it is known, with the authority of the event.
pub(crate) fn with_authority(
    write: &mut RoomWrite<'_>,
    known: StateRoot,
    auth: &[EventSid],
) -> Result<StateRoot, WriteError> {
    let mut named = Vec::new();
    for event in auth {
        let meta = write.meta(*event)?;
        if let Some(key) = meta.state_key.filter(|_| meta.verdict != Verdict::Rejected)
            && write.states.get(known, key)? != Some(*event)
        {
            named.push((key, Some(*event)));
        }
    }
    if named.is_empty() {
        return Ok(known);
    }
    let told = write.states.apply(known, &named)?;
    resolution::resolve(write, &[known, told])
}

impl Rooms {
    /// Takes in an event although something is missing between it and the room: it stands on what is known, and below
    /// it is a gap. Where the event lacks no more than the signature of the room's policy server and `asks`, nothing is
    /// written.
    pub(crate) fn ingest_over_gap(&self, event: VerifiedPdu, asks: bool) -> Result<Ingested, IngestError> {
        let room = self.room(event.pdu().room_id())?.ok_or(IngestError::UnknownRoom)?;
        let lane = self.lanes.enter(room.sid).map_err(WriteError::from)?;
        let mut write = RoomWrite::open(self, room)?;
        if let Some(known) = ingest::known(self, event.pdu().event_id())? {
            return Ok(known);
        }
        let Some(join) = write.partial else {
            // The whole state has come meanwhile.
            drop(lane);
            return self.ingest(event);
        };
        if !write.may_open_edge()? {
            return Err(WriteError::Busy.into());
        }
        let state = state_over_gap(&mut write, &event, join)?;
        let judged = ingest::judge_at(&mut write, event, state, Against::CurrentState)?;
        if let Some(via) = judged.unsigned.as_ref().filter(|_| asks) {
            return Err(IngestError::Unsigned(via.clone()));
        }
        let ingested = Ingested::of(&judged);
        write.append(judged, None)?;
        let committed = self.commit([write], self.store.begin())?;
        drop(lane);
        committed.wait_durable()?;
        Ok(ingested)
    }
}

/// What is known of the state before an event: what those of the events that it follows left which are here; or else
/// the state before this server came.
fn state_over_gap(
    write: &mut RoomWrite<'_>,
    event: &VerifiedPdu,
    join: EventSid,
) -> Result<StateRoot, WriteError> {
    let mut roots = Vec::new();
    for event_id in event.pdu().prev_events() {
        let Some(prev) = write.rooms.store.ids().find_event(event_id)? else { continue };
        let place = write.find_meta(prev)?.and_then(|meta| meta.place);
        if let Some(place) = place
            && !roots.contains(&place.state_after)
        {
            roots.push(place.state_after);
        }
    }
    if roots.is_empty() {
        roots.extend(write.meta(join)?.place.map(|place| place.state_before));
    }
    resolution::resolve(write, &roots)
}
