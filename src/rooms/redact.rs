//! Redacting an event: sending the redaction. What it does to its target is written by `commit/redactions.rs`.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidredacteventidtxnid>

use kith_accounts::Requester;
use kith_event::{Pdu, build::Draft};
use kith_store::tables::members::Membership;
use ruma::{EventId, OwnedEventId, RoomId, events::TimelineEventType};
use serde_json::{Map, Value};

use crate::{
    Rooms, WriteError,
    acting::{content, not_in_room},
    commit::RoomWrite,
    send::{NewMessage, SendError},
    transactions::TransactionKey,
};

/// A redaction that is wanted.
pub(crate) struct Redacting {
    target: OwnedEventId,
    content: Map<String, Value>,
    transaction_id: Option<String>,
    timestamp_ms: Option<u64>,
}

impl Redacting {
    /// A redaction that a client sends like any other event: the target is in the content.
    pub(crate) fn from_message(message: NewMessage) -> Result<Self, SendError> {
        let mut content: Map<String, Value> = serde_json::from_str(message.content.get())
            .map_err(|error| WriteError::Malformed(error.to_string()))?;
        let target = match content.remove("redacts") {
            Some(Value::String(target)) => EventId::parse(target).ok(),
            _ => None,
        };
        let target =
            target.ok_or_else(|| SendError::Invalid("a redaction names its target in redacts".to_owned()))?;
        let (transaction_id, timestamp_ms) = (message.transaction_id, message.timestamp_ms);
        Ok(Self { target, content, transaction_id, timestamp_ms })
    }
}

impl Rooms {
    /// Takes the content of an event away. Users may do so with their own events, and with those of others if they
    /// have the power to redact.
    pub fn redact(
        &self,
        requester: &Requester,
        room_id: &RoomId,
        target: &EventId,
        reason: Option<String>,
        transaction_id: Option<String>,
    ) -> Result<OwnedEventId, SendError> {
        let content = reason.map(|reason| ("reason".to_owned(), Value::String(reason))).into_iter().collect();
        let redacting = Redacting { target: target.to_owned(), content, transaction_id, timestamp_ms: None };
        self.redact_as(requester, room_id, redacting, format!("redact {target}"))
    }

    /// `endpoint` tells the transactions of one endpoint from those of another.
    pub(crate) fn redact_as(
        &self,
        requester: &Requester,
        room_id: &RoomId,
        redacting: Redacting,
        endpoint: String,
    ) -> Result<OwnedEventId, SendError> {
        let mut acting = self.act_in(room_id)?.with_signatures();
        let key = redacting
            .transaction_id
            .as_ref()
            .and_then(|id| TransactionKey::new(requester, acting.write.room.sid, endpoint, id));
        if let Some(event) = key.as_ref().map(|key| key.find(self)).transpose()?.flatten() {
            let event_id = acting.write.event_id(event)?;
            acting.done()?;
            return Ok(event_id);
        }
        check(&acting.write, requester, &redacting.target)?;
        let mut draft = Draft::message(TimelineEventType::RoomRedaction, content(&redacting.content)?);
        draft.redacts = Some(redacting.target);
        let timestamp_ms = self.timestamp_ms(requester, redacting.timestamp_ms);
        let transaction = key.as_ref().map(TransactionKey::transaction);
        let event = acting.write.send_in_transaction(draft, &requester.user_id, timestamp_ms, transaction)?;
        if let Some(key) = key {
            key.remember(&mut acting.txn, event, self.clock.now_ms());
        }
        let event_id = acting.write.event_id(event)?;
        acting.done()?;
        Ok(event_id)
    }
}

/// Since room version 3 the rules let any member send a redaction that then has no effect; users are told instead.
fn check(write: &RoomWrite<'_>, requester: &Requester, target: &EventId) -> Result<(), SendError> {
    if write.membership(&requester.user_id)? != Some(Membership::Join) {
        return Err(not_in_room().into());
    }
    let target = find_target(write, target)?.ok_or(SendError::NotFound)?;
    let own = *target.sender() == requester.user_id;
    if requester.suspended && !own {
        return Err(WriteError::Suspended.into());
    }
    write.check_sender(&requester.user_id, &TimelineEventType::RoomRedaction, false)?;
    let powers = write.powers(write.heads.state)?;
    if !own && powers.of(&requester.user_id) < powers.redact_level() {
        let needed = powers.redact_level();
        let reason = format!("redacting what others sent needs power {needed} in this room");
        return Err(WriteError::Refused(reason).into());
    }
    match target.kind() {
        TimelineEventType::RoomCreate | TimelineEventType::RoomServerAcl => {
            let reason =
                format!("events of type {} cannot be redacted: the room would suffer", target.kind());
            Err(WriteError::Refused(reason).into())
        }
        _ => Ok(()),
    }
}

fn find_target(write: &RoomWrite<'_>, target: &EventId) -> Result<Option<Pdu>, SendError> {
    let Some(event) = write.rooms.store.ids().find_event(target)? else { return Ok(None) };
    let here = write.find_meta(event)?.is_some_and(|meta| meta.room == write.room.sid);
    Ok(if here { write.find_pdu(event)? } else { None })
}
