//! What an event builds on: its auth events, and the events it follows.

use kith_event::Pdu;
use kith_store::{Error, EventSid};
use ruma::OwnedEventId;

use super::{IngestError, Missing};
use crate::commit::RoomWrite;

/// The auth events and the previous events of an event; an error names those that are not here.
pub(super) fn find(write: &RoomWrite<'_>, pdu: &Pdu) -> Result<(Vec<EventSid>, Vec<EventSid>), IngestError> {
    let (auth, missing_auth) = split(write, pdu.auth_events(), Needed::Stored)?;
    let (prev, missing_prev) = split(write, pdu.prev_events(), Needed::Placed)?;
    let missing = Missing { auth: missing_auth, prev: missing_prev };
    if missing == Missing::default() { Ok((auth, prev)) } else { Err(IngestError::Missing(missing)) }
}

/// The auth events of an event, all of which must be here, and the previous events, which need not.
pub(super) fn find_auth(
    write: &RoomWrite<'_>,
    pdu: &Pdu,
) -> Result<(Vec<EventSid>, Vec<EventSid>), IngestError> {
    let (auth, missing) = split(write, pdu.auth_events(), Needed::Stored)?;
    if !missing.is_empty() {
        return Err(IngestError::Missing(Missing { auth: missing, prev: Vec::new() }));
    }
    let ids = write.rooms.store.ids();
    let prev = pdu.prev_events().iter().map(|event_id| ids.event(event_id));
    Ok((auth, prev.collect::<Result<_, _>>()?))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Needed {
    /// It is enough that the event is here.
    Stored,
    /// The state after it must be known.
    Placed,
}

fn split(
    write: &RoomWrite<'_>,
    event_ids: &[OwnedEventId],
    needed: Needed,
) -> Result<(Vec<EventSid>, Vec<OwnedEventId>), Error> {
    let mut here = Vec::with_capacity(event_ids.len());
    let mut missing = Vec::new();
    for event_id in event_ids {
        let found = match write.rooms.store.ids().find_event(event_id)? {
            Some(event) => write.find_meta(event)?.map(|meta| (event, meta)),
            None => None,
        };
        match found {
            Some((event, meta)) if needed == Needed::Stored || meta.place.is_some() => here.push(event),
            _ => missing.push(event_id.clone()),
        }
    }
    Ok((here, missing))
}
