//! What users have set for a room comes along when they join the room that replaces it: tags, and that it is a direct
//! chat. <https://spec.matrix.org/v1.19/client-server-api/#server-behaviour-17>

use kith_store::{Error, RoomSid, UserSid};
use ruma::{RoomId, events::StateEventType};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{Rooms, commit::RoomWrite};

#[derive(Deserialize)]
struct Predecessor {
    room_id: String,
}

/// The room that this one replaces, if both say so.
pub(super) fn predecessor(write: &RoomWrite<'_>) -> Result<Option<RoomSid>, Error> {
    let create = write.pdu(write.room.create)?;
    let predecessor: Option<Predecessor> = create.content_field("predecessor");
    let Some(old) = predecessor.and_then(|predecessor| RoomId::parse(predecessor.room_id).ok()) else {
        return Ok(None);
    };
    let Some(old) = write.rooms.room(&old)? else { return Ok(None) };
    if write.rooms.find_heads(old.sid)?.is_none() {
        return Ok(None);
    }
    let tombstone = write.rooms.current_state(old.sid)?.get(&StateEventType::RoomTombstone, "")?;
    let replacement = tombstone.and_then(|pdu| pdu.content_field::<String>("replacement_room"));
    Ok((replacement.as_deref() == Some(write.room.id.as_str())).then_some(old.sid))
}

/// Copies a user's settings for `old` to `new`. Settings are not worth failing a join for.
pub(super) fn carry_over(rooms: &Rooms, user: UserSid, old: RoomSid, new: RoomSid) -> Result<(), Error> {
    if rooms.membership(user, old)?.is_none() {
        return Ok(());
    }
    for (tag, info) in rooms.accounts.tags(user, old)? {
        if let Err(error) = rooms.accounts.set_tag(user, new, &tag, info) {
            tracing::warn!(%error, "a tag could not be carried over");
        }
    }
    let Some(direct) = rooms.accounts.find_account_data(user, None, "m.direct")? else { return Ok(()) };
    let (old, new) = (rooms.store.ids().room_id(old)?, rooms.store.ids().room_id(new)?);
    let Some(changed) = with_replaced(&direct, old.as_str(), new.as_str()) else { return Ok(()) };
    if let Err(error) = rooms.accounts.set_account_data(user, None, "m.direct", &changed) {
        tracing::warn!(%error, "a direct chat could not be carried over");
    }
    Ok(())
}

/// `m.direct` with the new room beside the old one, if the old one is in it.
fn with_replaced(direct: &str, old: &str, new: &str) -> Option<String> {
    let mut direct: Map<String, Value> = serde_json::from_str(direct).ok()?;
    let mut changed = false;
    for rooms in direct.values_mut().filter_map(Value::as_array_mut) {
        let has = |id: &str| rooms.iter().any(|room| room.as_str() == Some(id));
        if has(old) && !has(new) {
            rooms.push(new.into());
            changed = true;
        }
    }
    changed.then(|| Value::Object(direct).to_string())
}
