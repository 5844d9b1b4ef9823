//! What passes: receipts, who is typing, who is online. It is told as it stands when it is told.
//! <https://spec.matrix.org/v1.19/application-service-api/#pushing-edus>

use std::collections::BTreeSet;

use kith_store::{
    Error, Position, RoomSid, UserSid,
    tables::receipts::{RECEIPT_STREAM, RECEIPTS, ReceiptKind, UNTHREADED},
};
use ruma::OwnedUserId;
use serde_json::json;

use crate::Bridges;

/// What passes, in one transaction.
#[derive(Default)]
pub(super) struct Ephemeral {
    receipts: Vec<String>,
    typing: BTreeSet<RoomSid>,
    presence: BTreeSet<UserSid>,
}

impl Ephemeral {
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Receipts are kept, so a service that was away is told of them.
    pub(super) fn is_lasting(&self) -> bool {
        !self.receipts.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.receipts.len() + self.typing.len() + self.presence.len()
    }

    pub(super) fn add_typing(&mut self, room: RoomSid) {
        self.typing.insert(room);
    }

    pub(super) fn add_presence(&mut self, user: UserSid) {
        self.presence.insert(user);
    }

    /// Adds the receipt that moved at a position; false if it has moved on.
    pub(super) fn add_receipt(
        &mut self,
        bridges: &Bridges,
        room: RoomSid,
        position: Position,
    ) -> Result<bool, Error> {
        let read = bridges.store.engine();
        let Some(moved) = RECEIPT_STREAM.get(read, &(room, position))? else { return Ok(false) };
        let key = (room, moved.user, moved.kind as u8, moved.thread);
        let Some(record) = RECEIPTS.get(read, &key)? else { return Ok(false) };
        let ids = bridges.store.ids();
        let mut receipt = json!({ "ts": record.timestamp_ms });
        if key.3 != UNTHREADED {
            receipt["thread_id"] = key.3.into();
        }
        let kind: ReceiptKind = moved.kind;
        let (room_id, user_id) = (ids.room_id(room)?, ids.user_id(moved.user)?);
        let event_id = ids.event_id(record.event)?;
        let content = json!({ event_id.as_str(): { kind.as_str(): { user_id.as_str(): receipt } } });
        let event = json!({ "type": "m.receipt", "room_id": room_id, "content": content });
        self.receipts.push(event.to_string());
        Ok(true)
    }

    /// All of it, as the service gets it.
    pub(super) fn texts(&self, bridges: &Bridges) -> Result<Vec<String>, Error> {
        let mut texts = self.receipts.clone();
        let (ids, live) = (bridges.store.ids(), bridges.store.live());
        for room in &self.typing {
            let typing = live.typing(*room).unwrap_or_default().until_ms.into_keys();
            let user_ids = typing.map(|user| ids.user_id(user)).collect::<Result<Vec<OwnedUserId>, _>>()?;
            let content = json!({ "user_ids": user_ids });
            let event = json!({ "type": "m.typing", "room_id": ids.room_id(*room)?, "content": content });
            texts.push(event.to_string());
        }
        let now_ms = bridges.clock.now_ms();
        for user in &self.presence {
            let Some(row) = live.presence(*user) else { continue };
            let mut content = json!({
                "presence": row.state.as_str(),
                "last_active_ago": now_ms.saturating_sub(row.last_active_ms),
                "currently_active": row.currently_active,
            });
            if let Some(status) = row.status {
                content["status_msg"] = status.into();
            }
            let event = json!({ "type": "m.presence", "sender": ids.user_id(*user)?, "content": content });
            texts.push(event.to_string());
        }
        Ok(texts)
    }
}
