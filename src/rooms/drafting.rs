//! From a draft to an event of this server: which events it follows, which authorise it, built, signed, and put on the
//! one road.

use kith_event::{
    Pdu, VerifiedPdu, auth,
    build::{self, Draft, EventRef},
    parse::{ID_BYTES_MAX, PREV_EVENTS_MAX},
};
use kith_store::{
    EventSid,
    state::StateRoot,
    tables::events::{Transaction, Verdict},
};
use ruma::{RoomId, UserId};

use crate::{
    commit::RoomWrite,
    ingest::{self, Against, IngestError},
    state_before,
    write_error::WriteError,
};

impl RoomWrite<'_> {
    /// Builds an event of a local user and takes it in. An event that the rules forbid is an error, and is not kept.
    pub(crate) fn send(
        &mut self,
        draft: Draft,
        sender: &UserId,
        timestamp_ms: u64,
    ) -> Result<EventSid, WriteError> {
        self.send_in_transaction(draft, sender, timestamp_ms, None)
    }

    /// The same, remembering which transaction of which device it was.
    pub(crate) fn send_in_transaction(
        &mut self,
        draft: Draft,
        sender: &UserId,
        timestamp_ms: u64,
        transaction: Option<Transaction>,
    ) -> Result<EventSid, WriteError> {
        let pdu = self.build_signed(draft, sender, timestamp_ms)?;
        self.accept(pdu, transaction)
    }

    /// Takes in an event that was built here.
    pub(crate) fn accept(
        &mut self,
        pdu: Pdu,
        transaction: Option<Transaction>,
    ) -> Result<EventSid, WriteError> {
        let judged = ingest::judge(self, VerifiedPdu::of_own(pdu), Against::CurrentState);
        let mut judged = judged.map_err(|error| match error {
            IngestError::Write(error) => error,
            IngestError::UnknownRoom | IngestError::Unsigned(_) | IngestError::Missing(_) => {
                WriteError::Unresolvable(error.to_string())
            }
        })?;
        judged.own = true;
        if judged.verdict != Verdict::Accepted {
            return Err(WriteError::Refused(judged.reason.unwrap_or_default()));
        }
        self.append(judged, transaction)
    }

    /// Builds an event that follows the room's newest.
    pub(crate) fn build(
        &mut self,
        draft: Draft,
        sender: &UserId,
        timestamp_ms: u64,
    ) -> Result<Pdu, WriteError> {
        check_lengths(&draft)?;
        let prev = self.prev_events();
        let state = state_before::before(self, &prev)?;
        let mut depth = 0;
        let mut prev_events = Vec::with_capacity(prev.len());
        for event in &prev {
            depth = depth.max(self.meta(*event)?.depth);
            prev_events.push(EventRef::from(&self.pdu(*event)?));
        }
        let room = self.room.clone();
        let context = build::Context {
            room_version: room.version,
            room_id: Some(&room.id),
            prev_events,
            auth_events: self.auth_events(&draft, sender, state)?,
            depth: depth + 1,
            sender,
            origin_server_ts: timestamp_ms,
            server_name: &self.rooms.server_name,
            key: &self.rooms.signing_key,
        };
        Ok(build::build(draft, &context)?)
    }

    /// The newest events, as many as an event may follow.
    fn prev_events(&self) -> Vec<EventSid> {
        let extremities = &self.heads.extremities;
        extremities[extremities.len().saturating_sub(PREV_EVENTS_MAX)..].to_vec()
    }

    fn auth_events(
        &self,
        draft: &Draft,
        sender: &UserId,
        state: StateRoot,
    ) -> Result<Vec<EventRef>, WriteError> {
        let state_key = draft.state_key.as_deref();
        let needed = auth::auth_types(self.room.version, &draft.kind, sender, state_key, &draft.content)?;
        let mut auth_events = Vec::with_capacity(needed.len());
        for (kind, state_key) in needed {
            if let Some(pdu) = self.state_pdu(state, &kind, &state_key)? {
                auth_events.push(EventRef::from(&pdu));
            }
        }
        Ok(auth_events)
    }
}

/// Builds the event that founds a room. Without a room id it names the room itself.
pub(crate) fn build_create(
    rooms: &crate::Rooms,
    room_version: &'static kith_event::RoomVersion,
    room_id: Option<&RoomId>,
    draft: Draft,
    sender: &UserId,
    timestamp_ms: u64,
) -> Result<Pdu, WriteError> {
    let context = build::Context {
        room_version,
        room_id,
        prev_events: Vec::new(),
        auth_events: Vec::new(),
        depth: 1,
        sender,
        origin_server_ts: timestamp_ms,
        server_name: &rooms.server_name,
        key: &rooms.signing_key,
    };
    Ok(build::build(draft, &context)?)
}

/// Said apart from other faults of format, because clients are told that something is too large.
fn check_lengths(draft: &Draft) -> Result<(), WriteError> {
    let too_long =
        |what: &str| Err(WriteError::TooLarge(format!("{what} is longer than {ID_BYTES_MAX} bytes")));
    if draft.kind.to_string().len() > ID_BYTES_MAX {
        return too_long("the event type");
    }
    if draft.state_key.as_ref().is_some_and(|state_key| state_key.len() > ID_BYTES_MAX) {
        return too_long("the state key");
    }
    Ok(())
}
