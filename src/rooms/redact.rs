//! Redacting an event: sending the redaction. What it does to its target is written by `commit/redactions.rs`.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidredacteventidtxnid>

use std::sync::Arc;

use kith_accounts::Requester;
use kith_event::{Pdu, STICKY_MS_MAX, build::Draft};
use kith_store::{
    Direction,
    tables::{members::Membership, relations::RELATIONS},
};
use ruma::{EventId, OwnedEventId, OwnedRoomId, RoomId, events::TimelineEventType};
use serde_json::{Map, Value};

use crate::{
    Rooms, WriteError,
    acting::{content, not_in_room},
    commit::RoomWrite,
    send::{NewMessage, SendError},
    transactions::TransactionKey,
};

/// How many related events one redaction takes along.
const RELATED_MAX: usize = 1_000;

/// A redaction that is wanted.
pub(crate) struct Redacting {
    target: OwnedEventId,
    content: Map<String, Value>,
    transaction_id: Option<String>,
    timestamp_ms: Option<u64>,
    sticky_ms: Option<u64>,
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
        let NewMessage { transaction_id, timestamp_ms, sticky_ms, .. } = message;
        Ok(Self { target, content, transaction_id, timestamp_ms, sticky_ms })
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
        let redacting = Redacting {
            target: target.to_owned(),
            content,
            transaction_id,
            timestamp_ms: None,
            sticky_ms: None,
        };
        self.redact_as(requester, room_id, redacting, format!("redact {target}"))
    }

    /// Takes the content of events away that relate to one in these ways (`*` means any), in the background. What the
    /// user may not redact stays.
    pub fn redact_related_later(
        self: &Arc<Self>,
        requester: &Requester,
        room_id: OwnedRoomId,
        target: OwnedEventId,
        rel_types: Vec<String>,
        reason: Option<String>,
    ) {
        let (rooms, tasks, requester) = (Arc::clone(self), self.tasks.clone(), requester.clone());
        let work = move || {
            let redacted = rooms.redact_related(&requester, &room_id, &target, &rel_types, reason);
            if let Err(error) = redacted {
                tracing::warn!(%error, %room_id, "events that relate to a redacted one may have kept their content");
            }
        };
        let supervisor = tasks.clone();
        supervisor.spawn("related redactions", async move { tasks.blocking(work).await });
    }

    fn redact_related(
        &self,
        requester: &Requester,
        room_id: &RoomId,
        target: &EventId,
        rel_types: &[String],
        reason: Option<String>,
    ) -> Result<(), SendError> {
        let engine = self.store.engine();
        let Some(target) = self.store.ids().find_event(target)? else { return Ok(()) };
        let is_meant = |rel_type: &str| rel_types.iter().any(|meant| meant == "*" || meant == rel_type);
        let mut children = Vec::new();
        for row in RELATIONS.scan(engine, &target, Direction::Backward) {
            let ((_, _, _, child), relation) = row?;
            if is_meant(&relation.rel_type) {
                children.push(child);
            }
            if children.len() == RELATED_MAX {
                break;
            }
        }
        for child in children {
            if self.tasks.stopping().is_cancelled() {
                break;
            }
            let child = self.store.ids().event_id(child)?;
            // What is not theirs to redact, or of another room, stays.
            if let Err(SendError::Write(error @ WriteError::Store(_))) =
                self.redact(requester, room_id, &child, reason.clone(), None)
            {
                return Err(error.into());
            }
        }
        Ok(())
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
        draft.sticky_ms = redacting.sticky_ms.map(|sticky_ms| sticky_ms.min(STICKY_MS_MAX));
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
