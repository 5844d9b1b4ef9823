//! Events without a place: the authority of others, and the entries of states that another server gave.

use std::collections::HashMap;

use kith_event::VerifiedPdu;
use kith_store::{
    StateKeySid,
    state::StateRoot,
    tables::events::{EventMeta, Verdict},
};
use ruma::{EventId, OwnedEventId, events::TimelineEventType};

use super::{IngestError, judge_outlier, order};
use crate::{commit::RoomWrite, write_error::WriteError};

/// A state that another server gave, as far as its events are here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GivenState {
    pub(crate) root: StateRoot,
    /// Events of it that are not here, or are no state of this room, or were rejected.
    pub(crate) left_out: Vec<OwnedEventId>,
}

impl RoomWrite<'_> {
    /// Stores those of the events that are not here yet, without a place. An event that belongs to another room, or
    /// whose authority is not here and not among them, is passed over: it costs only itself.
    pub(crate) fn store_outliers(&mut self, events: Vec<VerifiedPdu>) -> Result<(), WriteError> {
        let mut events = order::sorted(events, VerifiedPdu::pdu, |pdu| pdu.auth_events());
        // Where the room's name implies the create event, nobody lists it.
        events.sort_by_key(|event| *event.pdu().kind() != TimelineEventType::RoomCreate);
        for event in events {
            let event_id = event.pdu().event_id().clone();
            if event.pdu().room_id() != &self.room.id || self.is_stored(&event_id)? {
                continue;
            }
            match judge_outlier(self, event) {
                Ok(judged) => {
                    self.append_outlier(judged)?;
                }
                Err(IngestError::Write(error)) => return Err(error),
                Err(IngestError::Missing(_) | IngestError::Unsigned(_) | IngestError::UnknownRoom) => {
                    tracing::debug!(%event_id, "an event is passed over: its authority is missing");
                }
            }
        }
        Ok(())
    }

    /// The state with just these events, all of which should be stored.
    pub(crate) fn state_of(&mut self, event_ids: &[OwnedEventId]) -> Result<GivenState, WriteError> {
        let ids = self.rooms.store.ids();
        let mut entries: HashMap<StateKeySid, _> = HashMap::with_capacity(event_ids.len());
        let mut left_out = Vec::new();
        for event_id in event_ids {
            let meta = match ids.find_event(event_id)? {
                Some(event) => self.find_meta(event)?.map(|meta| (event, meta)),
                None => None,
            };
            let fits = |meta: &EventMeta| meta.room == self.room.sid && meta.verdict != Verdict::Rejected;
            let Some((event, key)) =
                meta.filter(|(_, meta)| fits(meta)).and_then(|(event, meta)| Some((event, meta.state_key?)))
            else {
                left_out.push(event_id.clone());
                continue;
            };
            if entries.insert(key, event).is_some_and(|other| other != event) {
                let reason = format!("the given state has two events for one entry, {event_id} and another");
                return Err(WriteError::Malformed(reason));
            }
        }
        Ok(GivenState { root: self.states.build(entries)?, left_out })
    }

    /// Whether an event is stored, or about to be.
    pub(crate) fn is_stored(&self, event_id: &EventId) -> Result<bool, kith_store::Error> {
        match self.rooms.store.ids().find_event(event_id)? {
            Some(event) => Ok(self.find_meta(event)?.is_some()),
            None => Ok(false),
        }
    }
}
