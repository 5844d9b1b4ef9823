//! The state before an event: what the events it follows agree on, resolved where they do not.

use kith_store::{Error, EventSid, state::StateRoot};

use crate::{commit::RoomWrite, resolution, write_error::WriteError};

/// The state before an event that follows `prev`, each of which must have a place.
pub(crate) fn before(write: &mut RoomWrite<'_>, prev: &[EventSid]) -> Result<StateRoot, WriteError> {
    // Whoever follows all the extremities stands on the current state, which has been resolved already.
    if same_events(prev, &write.heads.extremities) {
        return Ok(write.heads.state);
    }
    after_all(write, prev, None)
}

/// The state after all of `events` together. `newest` is an event whose place is not known yet.
pub(crate) fn after_all(
    write: &mut RoomWrite<'_>,
    events: &[EventSid],
    newest: Option<(EventSid, StateRoot)>,
) -> Result<StateRoot, WriteError> {
    let mut roots = Vec::new();
    for event in events {
        let root = match newest {
            Some((newest, root)) if newest == *event => root,
            _ => state_after(write, *event)?,
        };
        if !roots.contains(&root) {
            roots.push(root);
        }
    }
    resolution::resolve(write, &roots)
}

fn state_after(write: &RoomWrite<'_>, event: EventSid) -> Result<StateRoot, Error> {
    let missing = || Error::Missing { table: "event_meta", key: format!("place of {}", event.0) };
    write.meta(event)?.place.map(|place| place.state_after).ok_or_else(missing)
}

fn same_events(a: &[EventSid], b: &[EventSid]) -> bool {
    a.len() == b.len() && a.iter().all(|event| b.contains(event))
}
