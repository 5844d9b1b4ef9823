//! Upgrading a room: a new room takes the place of an old one, in one commit.
//! <https://spec.matrix.org/v1.19/client-server-api/#room-upgrades>

mod carried;

use kith_accounts::Requester;
use kith_event::build::Draft;
use kith_store::tables::aliases::PUBLISHED;
use ruma::{
    OwnedRoomId, OwnedUserId, RoomId, UserId,
    events::{StateEventType, TimelineEventType},
};
use serde_json::{Map, Value, json};

use crate::{
    Rooms, WriteError,
    acting::{check_not_suspended, content},
    aliases::remove_alias,
    commit::RoomWrite,
    create::{CreateError, Founding, invalid_state},
    membership::carry_over::carry_over,
};

/// What the tombstone says to people.
const TOMBSTONE_BODY: &str = "This room has been replaced";
/// Above which power one may still speak in a room that was replaced.
const SILENCED_LEVEL: i64 = 50;

impl Rooms {
    /// Replaces a room by one of another version.
    pub fn upgrade_room(
        &self,
        requester: &Requester,
        old_id: &RoomId,
        version: &str,
        additional_creators: &[OwnedUserId],
    ) -> Result<OwnedRoomId, CreateError> {
        check_not_suspended(requester)?;
        let version = self.version_for_new(Some(version))?;
        let user = &requester.user_id;
        let now_ms = self.clock.now_ms();
        let mut old = self.act_in(old_id)?;
        old.write.check_sender(user, &TimelineEventType::RoomTombstone, true)?;

        let create = carried::create_content(&old.write, user, version, additional_creators)?;
        let mut founding = Founding::begin(self, requester, version, create, now_ms)?;
        // The levels come last: until then the creator may set everything, also what the old levels keep from them.
        for draft in carried::state(&old.write, user)? {
            founding.send(draft, user).map_err(invalid_state)?;
        }
        let new_id = founding.room_id().clone();
        self.move_names(&old.write, &mut founding, user)?;
        let levels = carried::power_levels(&old.write, version, &founding.write)?;
        founding
            .send(Draft::state(StateEventType::RoomPowerLevels, "", content(&levels)?), user)
            .map_err(invalid_state)?;

        let tombstone = json!({ "body": TOMBSTONE_BODY, "replacement_room": new_id });
        old.write.send(
            Draft::state(StateEventType::RoomTombstone, "", content(&tombstone)?),
            user,
            now_ms,
        )?;
        empty_canonical_alias(&mut old.write, user, now_ms)?;
        silence(&mut old.write, user, now_ms)?;
        let (from, to) = (old.write.room.sid, founding.room());
        let (write, lane) = old.into_parts();
        founding.done_with(write)?;
        drop(lane);
        // Others bring their settings along when they join; who upgrades is there already.
        carry_over(self, requester.user, from, to)?;
        Ok(new_id)
    }

    /// This server's aliases, and the place in the directory, pass to the new room.
    fn move_names(
        &self,
        old: &RoomWrite<'_>,
        founding: &mut Founding<'_>,
        user: &UserId,
    ) -> Result<(), CreateError> {
        let (from, to) = (old.room.sid, founding.room());
        let aliases = self.aliases_of(from)?;
        for alias in &aliases {
            remove_alias(&mut founding.txn, alias, from);
            self.move_alias(&mut founding.txn, alias, to)?;
        }
        if PUBLISHED.contains(self.store.engine(), &(String::new(), from))? {
            Self::put_published(&mut founding.txn, from, false);
            Self::put_published(&mut founding.txn, to, true);
        }
        if let Some(named) = carried::canonical_alias(old, &aliases)? {
            let draft = Draft::state(StateEventType::RoomCanonicalAlias, "", content(&named)?);
            founding.send(draft, user).map_err(invalid_state)?;
        }
        Ok(())
    }
}

/// The old room names no alias any more, if the user may say so.
fn empty_canonical_alias(old: &mut RoomWrite<'_>, user: &UserId, now_ms: u64) -> Result<(), WriteError> {
    if old.current(&StateEventType::RoomCanonicalAlias, "")?.is_none() {
        return Ok(());
    }
    let draft = Draft::state(StateEventType::RoomCanonicalAlias, "", content(&json!({}))?);
    if_allowed(old.send(draft, user, now_ms))
}

/// Nobody but moderators speaks in the old room, or invites to it, if the user may say so.
fn silence(old: &mut RoomWrite<'_>, user: &UserId, now_ms: u64) -> Result<(), WriteError> {
    let levels = old.current(&StateEventType::RoomPowerLevels, "")?;
    let Some(mut levels) = levels.and_then(|pdu| pdu.content_as::<Map<String, Value>>().ok()) else {
        return Ok(());
    };
    let users_default = level(levels.get("users_default")).unwrap_or(0);
    let silenced = SILENCED_LEVEL.max(users_default.saturating_add(1));
    let mut changed = false;
    for key in ["events_default", "invite"] {
        if level(levels.get(key)).unwrap_or(0) < silenced {
            levels.insert(key.to_owned(), silenced.into());
            changed = true;
        }
    }
    if !changed {
        return Ok(());
    }
    let draft = Draft::state(StateEventType::RoomPowerLevels, "", content(&levels)?);
    if_allowed(old.send(draft, user, now_ms))
}

fn if_allowed<T>(result: Result<T, WriteError>) -> Result<(), WriteError> {
    match result {
        Ok(_) | Err(WriteError::Refused(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// A power level; old rooms may have it as a string.
fn level(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_i64(),
    }
}
