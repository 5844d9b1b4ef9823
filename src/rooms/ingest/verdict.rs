//! Judging: the authorisation rules on the auth events, on the state before, and on the current state.

use std::collections::HashMap;

use kith_event::{
    Pdu,
    auth::{self, AuthError},
};
use kith_store::{Error, EventSid, state::StateRoot, tables::events::Verdict};
use ruma::{
    OwnedEventId,
    events::{StateEventType, TimelineEventType},
};

use crate::{commit::RoomWrite, write_error::WriteError};

/// The rules on the events that the event names as its authority.
pub(super) fn by_auth_events(
    write: &RoomWrite<'_>,
    sid: EventSid,
    pdu: &Pdu,
    auth: &[EventSid],
) -> Result<Result<(), AuthRefusal>, Error> {
    if let Some(refusal) = out_of_place(write, sid, pdu, auth)? {
        return Ok(Err(refusal));
    }
    let mut known: HashMap<OwnedEventId, Pdu> = HashMap::new();
    for event in auth {
        let pdu = write.pdu(*event)?;
        known.insert(pdu.event_id().clone(), pdu);
    }
    // Where the room id names the create event, it is implied.
    if *pdu.kind() != TimelineEventType::RoomCreate {
        let create = write.pdu(write.room.create)?;
        known.insert(create.event_id().clone(), create);
    }
    let checked = auth::check_auth_events(pdu, |event_id| known.get(event_id).cloned());
    Ok(checked.map_err(AuthRefusal::Rules))
}

/// The rules on the state before the event, and then, for news, on the state of the room `now`.
pub(super) fn by_states(
    write: &RoomWrite<'_>,
    pdu: &Pdu,
    state_before: StateRoot,
    now: Option<StateRoot>,
) -> Result<(Verdict, Option<String>), WriteError> {
    if let Err(reason) = by_state(write, pdu, state_before)? {
        return Ok((Verdict::Rejected, Some(reason.to_string())));
    }
    if let Some(now) = now.filter(|now| *now != state_before)
        && let Err(reason) = by_state(write, pdu, now)?
    {
        return Ok((Verdict::SoftFailed, Some(reason.to_string())));
    }
    Ok((Verdict::Accepted, None))
}

/// Why the auth events of an event do not allow it.
#[derive(Debug, thiserror::Error)]
pub(super) enum AuthRefusal {
    #[error(transparent)]
    Rules(AuthError),
    #[error("{0}")]
    OutOfPlace(&'static str),
}

/// What the rules take for granted: a room is founded once, everything else follows something, and authority comes
/// from the room itself.
fn out_of_place(
    write: &RoomWrite<'_>,
    sid: EventSid,
    pdu: &Pdu,
    auth: &[EventSid],
) -> Result<Option<AuthRefusal>, Error> {
    let founding = *pdu.kind() == TimelineEventType::RoomCreate;
    if founding && sid != write.room.create {
        return Ok(Some(AuthRefusal::OutOfPlace("the room has been created by another event")));
    }
    if !founding && pdu.prev_events().is_empty() {
        return Ok(Some(AuthRefusal::OutOfPlace("the event follows no other event")));
    }
    for event in auth {
        if write.meta(*event)?.room != write.room.sid {
            return Ok(Some(AuthRefusal::OutOfPlace("an auth event belongs to another room")));
        }
    }
    Ok(None)
}

pub(super) fn by_state(
    write: &RoomWrite<'_>,
    pdu: &Pdu,
    root: StateRoot,
) -> Result<Result<(), AuthError>, Error> {
    let needed = match auth::state_needed(pdu) {
        Ok(needed) => needed,
        Err(error) => return Ok(Err(error)),
    };
    let mut state: Vec<((StateEventType, String), Pdu)> = Vec::with_capacity(needed.len());
    for (kind, state_key) in needed {
        if let Some(pdu) = write.state_pdu(root, &kind, &state_key)? {
            state.push(((kind, state_key), pdu));
        }
    }
    Ok(auth::check(pdu, |kind, state_key| {
        let found = state.iter().find(|((of_kind, of_key), _)| of_kind == kind && of_key == state_key);
        found.map(|(_, pdu)| pdu.clone())
    }))
}
