//! What users have set for a room comes along when they join the room that replaces it: tags, push rules, and that it
//! is a direct chat. <https://spec.matrix.org/v1.19/client-server-api/#server-behaviour-17>

use kith_event::Pdu;
use kith_store::{Error, RoomSid, UserSid, tables::account_data};
use ruma::{RoomId, events::StateEventType};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{Rooms, commit::RoomWrite, room::Room};

#[derive(Deserialize)]
struct Predecessor {
    room_id: String,
}

impl Rooms {
    /// The room that a room replaces, if both say so.
    pub fn predecessor(&self, room: &Room) -> Result<Option<RoomSid>, Error> {
        predecessor_in(self, &self.pdu(room.create)?, &room.id)
    }
}

/// The same, where the room may be about to be written.
pub(crate) fn predecessor(write: &RoomWrite<'_>) -> Result<Option<RoomSid>, Error> {
    predecessor_in(write.rooms, &write.pdu(write.room.create)?, &write.room.id)
}

fn predecessor_in(rooms: &Rooms, create: &Pdu, room_id: &RoomId) -> Result<Option<RoomSid>, Error> {
    let predecessor: Option<Predecessor> = create.content_field("predecessor");
    let Some(old) = predecessor.and_then(|predecessor| RoomId::parse(predecessor.room_id).ok()) else {
        return Ok(None);
    };
    let Some(old) = rooms.room(&old)? else { return Ok(None) };
    if rooms.find_heads(old.sid)?.is_none() {
        return Ok(None);
    }
    let tombstone = rooms.current_state(old.sid)?.get(&StateEventType::RoomTombstone, "")?;
    let replacement = tombstone.and_then(|pdu| pdu.content_field::<String>("replacement_room"));
    Ok((replacement.as_deref() == Some(room_id.as_str())).then_some(old.sid))
}

/// Copies a user's settings for `old` to `new`. Settings are not worth failing a join for.
pub(crate) fn carry_over(rooms: &Rooms, user: UserSid, old: RoomSid, new: RoomSid) -> Result<(), Error> {
    if rooms.membership(user, old)?.is_none() {
        return Ok(());
    }
    for (tag, info) in rooms.accounts.tags(user, old)? {
        if let Err(error) = rooms.accounts.set_tag(user, new, &tag, info) {
            tracing::warn!(%error, "a tag could not be carried over");
        }
    }
    let (old, new) = (rooms.store.ids().room_id(old)?, rooms.store.ids().room_id(new)?);
    for (kind, changed) in [("m.direct", with_direct as Changed), ("m.push_rules", with_push_rules)] {
        let Some(content) = rooms.accounts.find_account_data(user, None, kind)? else { continue };
        let Some(content) = changed(&content, old.as_str(), new.as_str()) else { continue };
        // Not through the verb of accounts: that keeps clients from writing push rules like this.
        let mut txn = rooms.store.begin();
        account_data::put(&mut txn, rooms.store.engine(), user, None, kind, content)?;
        rooms.store.commit_durably(txn)?;
    }
    Ok(())
}

/// The content of account data with what it says of the first room said of the second too, if it says anything.
type Changed = fn(&str, &str, &str) -> Option<String>;

/// `m.direct` with the new room beside the old one, if the old one is in it.
fn with_direct(direct: &str, old: &str, new: &str) -> Option<String> {
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

/// `m.push_rules` with the rules of the old room for the new one too: those that are named after it, and what many
/// clients write to silence a room, an `override` rule of that name with a condition on the room.
fn with_push_rules(rules: &str, old: &str, new: &str) -> Option<String> {
    let mut rules: Value = serde_json::from_str(rules).ok()?;
    let mut changed = false;
    for kind in ["override", "room"] {
        let Some(rules) = rules["global"][kind].as_array_mut() else { continue };
        let named = |rule: &Value, id: &str| rule["rule_id"].as_str() == Some(id);
        if rules.iter().any(|rule| named(rule, new)) {
            continue;
        }
        let Some(mut rule) = rules.iter().find(|rule| named(rule, old)).cloned() else { continue };
        rule["rule_id"] = new.into();
        for condition in rule["conditions"].as_array_mut().into_iter().flatten() {
            if condition["key"] == "room_id" && condition["pattern"].as_str() == Some(old) {
                condition["pattern"] = new.into();
            }
        }
        rules.insert(0, rule);
        changed = true;
    }
    changed.then(|| rules.to_string())
}
