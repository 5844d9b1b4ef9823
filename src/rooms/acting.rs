//! What every verb of a local user begins and ends with: the room's lane, the room as it is, and one durable commit.

use kith_accounts::Requester;
use kith_event::{build::Draft, json};
use kith_store::{
    Committed, EventSid, Txn,
    tables::{events::Transaction, members::Membership},
};
use ruma::{
    OwnedEventId, RoomId, UserId,
    events::{StateEventType, TimelineEventType, room::power_levels::UserPowerLevel},
};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::{
    Rooms, commit::RoomWrite, lane::LaneGuard, room::Room, room_state::membership_of, write_error::WriteError,
};

/// Somebody at work in one room.
pub(crate) struct Acting<'a> {
    rooms: &'a Rooms,
    lane: LaneGuard<'a>,
    pub(crate) write: RoomWrite<'a>,
    /// Rows beside the room's own that belong to the same act.
    pub(crate) txn: Txn,
}

impl Rooms {
    /// Enters a room to write it. A room that does not exist and one that the user is not in look the same.
    pub(crate) fn act_in(&self, room_id: &RoomId) -> Result<Acting<'_>, WriteError> {
        let room = self.room(room_id)?.ok_or_else(not_in_room)?;
        self.act(room)
    }

    pub(crate) fn act(&self, room: Room) -> Result<Acting<'_>, WriteError> {
        let lane = self.lanes.enter(room.sid)?;
        if self.find_heads(room.sid)?.is_none() {
            return Err(not_in_room());
        }
        let write = RoomWrite::open(self, room)?;
        Ok(Acting { rooms: self, lane, write, txn: self.store.begin() })
    }

    /// The time of a new event: now, unless an application service brings history along.
    pub(crate) fn timestamp_ms(&self, requester: &Requester, asked_ms: Option<u64>) -> u64 {
        let asked_ms = asked_ms.filter(|_| requester.appservice.is_some());
        asked_ms.unwrap_or_else(|| self.clock.now_ms()).min(json::INTEGER_MAX.unsigned_abs())
    }
}

impl<'a> Acting<'a> {
    /// The room, to be written with another one, and the lane to be left afterwards.
    pub(crate) fn into_parts(self) -> (RoomWrite<'a>, LaneGuard<'a>) {
        (self.write, self.lane)
    }

    /// Writes what was done and waits for the disk. If nothing was, it still waits for what was there before, so that
    /// an answer repeated is an answer kept.
    pub(crate) fn done(self) -> Result<(), WriteError> {
        Ok(self.commit()?.wait_durable()?)
    }

    /// Writes what was done. Whoever does much waits for the disk once, after the last.
    pub(crate) fn commit(self) -> Result<Committed, WriteError> {
        let Self { rooms, lane, write, txn } = self;
        let writes = if write.is_empty() { None } else { Some(write) };
        let committed = rooms.commit(writes, txn)?;
        drop(lane);
        Ok(committed)
    }
}

impl RoomWrite<'_> {
    /// Whether a user is in the room and has the power to send such an event, said in words. The rules say it again,
    /// but not so that a person understands.
    pub(crate) fn check_sender(
        &self,
        user: &UserId,
        kind: &TimelineEventType,
        is_state: bool,
    ) -> Result<(), WriteError> {
        if self.membership(user)? != Some(Membership::Join) {
            return Err(not_in_room());
        }
        let powers = self.powers(self.heads.state)?;
        if powers.may_send(user, kind, is_state) {
            return Ok(());
        }
        let needed = powers.needed_for(kind, is_state);
        let has = powers.of(user);
        Err(WriteError::Refused(format!(
            "{kind} needs power {needed} in this room, and you have {}",
            in_words(has)
        )))
    }

    /// What a user is to the room now.
    pub(crate) fn membership(&self, user: &UserId) -> Result<Option<Membership>, WriteError> {
        let member = self.current(&StateEventType::RoomMember, user.as_str())?;
        Ok(member.and_then(|pdu| membership_of(&pdu)))
    }

    /// The current state event that says just what the draft says, if the same user said it: saying it again is no
    /// news.
    pub(crate) fn said_already(
        &self,
        draft: &Draft,
        sender: &UserId,
    ) -> Result<Option<EventSid>, WriteError> {
        let Some(state_key) = &draft.state_key else { return Ok(None) };
        let kind = StateEventType::from(draft.kind.to_string());
        let Some(event) = self.event_of(self.heads.state, &kind, state_key)? else { return Ok(None) };
        let pdu = self.pdu(event)?;
        let same = pdu.sender() == sender && canonical(&draft.content).as_deref() == Some(pdu.content_text());
        Ok(same.then_some(event))
    }

    /// Sends a state event, unless the state says it already.
    pub(crate) fn send_state(
        &mut self,
        draft: Draft,
        sender: &UserId,
        timestamp_ms: u64,
    ) -> Result<EventSid, WriteError> {
        self.send_state_in(draft, sender, timestamp_ms, None)
    }

    /// The same, in a transaction that the event remembers.
    pub(crate) fn send_state_in(
        &mut self,
        draft: Draft,
        sender: &UserId,
        timestamp_ms: u64,
        transaction: Option<Transaction>,
    ) -> Result<EventSid, WriteError> {
        match self.said_already(&draft, sender)? {
            Some(event) => Ok(event),
            None => self.send_in_transaction(draft, sender, timestamp_ms, transaction),
        }
    }

    pub(crate) fn event_id(&self, event: EventSid) -> Result<OwnedEventId, WriteError> {
        Ok(self.rooms.store.ids().event_id(event)?)
    }
}

/// A suspended user may change nothing; the verbs with exceptions make them.
pub(crate) fn check_not_suspended(requester: &Requester) -> Result<(), WriteError> {
    if requester.suspended { Err(WriteError::Suspended) } else { Ok(()) }
}

pub(crate) fn not_in_room() -> WriteError {
    WriteError::refused("you are not in this room")
}

/// A content that this server itself makes up.
pub(crate) fn content(value: &impl Serialize) -> Result<Box<RawValue>, WriteError> {
    to_raw_value(value).map_err(|error| WriteError::Malformed(error.to_string()))
}

fn canonical(content: &RawValue) -> Option<String> {
    json::parse_object(content.get(), json::Strictness::Lax).ok().map(|object| json::to_text(&object))
}

fn in_words(power: UserPowerLevel) -> String {
    match power {
        UserPowerLevel::Int(level) => level.to_string(),
        _ => "all".to_owned(),
    }
}
