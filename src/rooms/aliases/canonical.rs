//! The room's own list of its aliases loses those that are deleted.

use kith_accounts::Requester;
use kith_event::build::Draft;
use ruma::{RoomAliasId, events::StateEventType};
use serde_json::{Map, Value};

use super::{AliasError, remove_alias};
use crate::{Rooms, WriteError, acting::content, commit::RoomWrite, room::Room};

impl Rooms {
    /// Deletes an alias and, if the user may, its mention in the room: in one commit.
    pub(super) fn delete_alias_in(
        &self,
        requester: &Requester,
        alias: &RoomAliasId,
        room: Room,
    ) -> Result<(), AliasError> {
        let sid = room.sid;
        if self.find_heads(sid)?.is_none() {
            let mut txn = self.store.begin();
            remove_alias(&mut txn, alias, sid);
            return Ok(self.store.commit_durably(txn)?);
        }
        let mut acting = self.act(room)?;
        remove_alias(&mut acting.txn, alias, sid);
        if let Some(shorter) = without(&acting.write, alias)? {
            let draft = Draft::state(StateEventType::RoomCanonicalAlias, "", content(&shorter)?);
            match acting.write.send(draft, &requester.user_id, self.clock.now_ms()) {
                Ok(_) => {}
                // The alias goes even if its owner has nothing to say in the room.
                Err(WriteError::Refused(reason)) => {
                    tracing::debug!(%alias, %reason, "a deleted alias stays in the room's list");
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(acting.done()?)
    }
}

/// The content of the room's canonical alias event without an alias, if it names that.
fn without(write: &RoomWrite<'_>, alias: &RoomAliasId) -> Result<Option<Map<String, Value>>, WriteError> {
    let Some(pdu) = write.current(&StateEventType::RoomCanonicalAlias, "")? else { return Ok(None) };
    let Ok(mut content) = pdu.content_as::<Map<String, Value>>() else { return Ok(None) };
    let names = |value: &Value| value.as_str() == Some(alias.as_str());
    let mut changed = false;
    if content.get("alias").is_some_and(names) {
        content.remove("alias");
        changed = true;
    }
    if let Some(Value::Array(others)) = content.get_mut("alt_aliases") {
        let before = others.len();
        others.retain(|other| !names(other));
        changed |= others.len() != before;
        if others.is_empty() {
            content.remove("alt_aliases");
        }
    }
    Ok(changed.then_some(content))
}
