//! Sending state, with what some types of state need beside the rules of the room.

use kith_accounts::Requester;
use kith_event::{build::Draft, owned_state};
use kith_store::tables::events::Transaction;
use ruma::{
    OwnedEventId, RoomAliasId, RoomId,
    events::{StateEventType, TimelineEventType, room::server_acl::RoomServerAclEventContent},
};
use serde_json::{Value, value::RawValue};

use super::{SendError, levels};
use crate::{
    Rooms, WriteError,
    acting::check_not_suspended,
    commit::RoomWrite,
    membership::{self, by_state::StateMembership},
    server_acl::ServerAcl,
};

/// How many aliases a room may list.
const ALT_ALIASES_MAX: usize = 500;

/// What a client wants the room's state to say.
#[derive(Clone, Debug)]
pub struct NewState {
    /// The type.
    pub kind: StateEventType,
    /// The state key.
    pub state_key: String,
    /// The content.
    pub content: Box<RawValue>,
    /// When it was said, in unix milliseconds; heeded from application services.
    pub timestamp_ms: Option<u64>,
}

impl Rooms {
    /// Sends a state event; if the state says just that already, gives the event that says it.
    pub fn send_state(
        &self,
        requester: &Requester,
        room_id: &RoomId,
        state: NewState,
    ) -> Result<OwnedEventId, SendError> {
        self.send_state_in(requester, room_id, state, None)
    }

    /// The same, in a transaction that the event remembers.
    pub(crate) fn send_state_in(
        &self,
        requester: &Requester,
        room_id: &RoomId,
        state: NewState,
        transaction: Option<Transaction>,
    ) -> Result<OwnedEventId, SendError> {
        let member = match state.kind {
            StateEventType::RoomMember => Some(StateMembership::read(requester, &state)?),
            _ => None,
        };
        if !member.as_ref().is_some_and(StateMembership::is_own_leave) {
            check_not_suspended(requester)?;
        }
        let mut acting = self.act_in(room_id)?.with_signatures();
        let timestamp_ms = self.timestamp_ms(requester, state.timestamp_ms);
        let NewState { kind, state_key, mut content, .. } = state;
        match member {
            Some(member) => content = member.complete(&acting.write, requester, content)?,
            None => {
                let timeline_kind = TimelineEventType::from(kind.to_string());
                acting.write.check_sender(&requester.user_id, &timeline_kind, true)?;
            }
        }
        match kind {
            StateEventType::RoomCanonicalAlias if state_key.is_empty() => {
                check_canonical_alias(&acting.write, &content)?;
            }
            StateEventType::RoomServerAcl if state_key.is_empty() => check_server_acl(self, &content)?,
            _ => {}
        }
        check_owner(&acting.write, &kind, &state_key)?;
        let about_guests = kind == StateEventType::RoomGuestAccess;
        let malformed = kind == StateEventType::RoomPowerLevels && {
            let powers = acting.write.powers(acting.write.heads.state)?;
            levels::are_malformed(acting.write.room.version, &powers, &content)
        };
        let draft = Draft::state(kind, state_key, content);
        let sent = acting.write.send_state_in(draft, &requester.user_id, timestamp_ms, transaction);
        let event = sent.map_err(|error| match error {
            WriteError::Refused(reason) if malformed => WriteError::Malformed(reason),
            error => error,
        })?;
        if about_guests && !membership::guests::are_welcome(&acting.write)? {
            membership::guests::send_away(&mut acting.write, timestamp_ms)?;
        }
        let event_id = acting.write.event_id(event)?;
        acting.done()?;
        Ok(event_id)
    }
}

/// Where state can be owned, a key that looks as if it were somebody's has to say whose.
fn check_owner(write: &RoomWrite<'_>, kind: &StateEventType, state_key: &str) -> Result<(), SendError> {
    if !write.room.version.has_owned_state() {
        return Ok(());
    }
    let owner = owned_state::owner(&kind.to_string().into(), state_key);
    owner.map(|_| ()).map_err(|error| WriteError::Malformed(error.to_string()).into())
}

/// Nobody here may lock their own server out of a room: nobody of it could undo that.
fn check_server_acl(rooms: &Rooms, content: &RawValue) -> Result<(), SendError> {
    serde_json::from_str::<RoomServerAclEventContent>(content.get())
        .map_err(|error| SendError::Invalid(format!("m.room.server_acl: {error}")))?;
    match ServerAcl::read(content.get()).allows(&rooms.server_name) {
        true => Ok(()),
        false => Err(SendError::Invalid("this list would keep your own server out of the room".to_owned())),
    }
}

/// Aliases that the event newly names must be aliases of this room. Those it named before may stay, be they dead.
/// <https://spec.matrix.org/v1.19/client-server-api/#mroomcanonical_alias>
fn check_canonical_alias(write: &RoomWrite<'_>, content: &RawValue) -> Result<(), SendError> {
    let new = aliases_of(content)?;
    let old = match write.current(&StateEventType::RoomCanonicalAlias, "")? {
        Some(pdu) => aliases_of(pdu.content()).unwrap_or_default(),
        None => Vec::new(),
    };
    for alias in new {
        if old.contains(&alias) {
            continue;
        }
        let parsed = RoomAliasId::parse(&alias)
            .map_err(|error| SendError::Invalid(format!("{alias} is not a room alias: {error}")))?;
        let room = write.rooms.find_alias(&parsed)?.map(|record| record.room);
        if room != Some(write.room.sid) {
            return Err(SendError::BadAlias(alias));
        }
    }
    Ok(())
}

/// The aliases that a canonical alias event names.
fn aliases_of(content: &RawValue) -> Result<Vec<String>, SendError> {
    let malformed = |what: &str| SendError::Invalid(format!("{what} of m.room.canonical_alias is malformed"));
    let content: Value = serde_json::from_str(content.get())
        .map_err(|error| SendError::Write(WriteError::Malformed(error.to_string())))?;
    let mut aliases = Vec::new();
    match content.get("alias") {
        None | Some(Value::Null) => {}
        Some(Value::String(alias)) if alias.is_empty() => {}
        Some(Value::String(alias)) => aliases.push(alias.clone()),
        Some(_) => return Err(malformed("alias")),
    }
    match content.get("alt_aliases") {
        None | Some(Value::Null) => {}
        Some(Value::Array(others)) if others.len() <= ALT_ALIASES_MAX => {
            for alias in others {
                aliases.push(alias.as_str().ok_or_else(|| malformed("alt_aliases"))?.to_owned());
            }
        }
        Some(_) => return Err(malformed("alt_aliases")),
    }
    Ok(aliases)
}
