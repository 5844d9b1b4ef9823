//! The EDUs that are made of what is kept elsewhere: receipts, typing notices, presence.
//! <https://spec.matrix.org/v1.19/server-server-api/#edus>

use std::collections::{BTreeMap, BTreeSet};

use kith_store::{
    Error, Position, Read, RoomSid, UserSid,
    tables::receipts::{RECEIPT_STREAM, RECEIPTS, ReceiptKind, UNTHREADED},
};
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId};
use serde::Serialize;
use serde_json::{json, value::RawValue};

use super::Sender;

/// The receipts of one EDU: of each user one in each room, so those who have several there, for several threads, take
/// several EDUs.
pub(super) type Receipts = BTreeMap<OwnedRoomId, ReadIn>;

/// The receipts of one room in one EDU.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct ReadIn {
    #[serde(rename = "m.read")]
    read: BTreeMap<OwnedUserId, Receipt>,
}

#[derive(Clone, Debug, Serialize)]
struct Receipt {
    event_ids: [OwnedEventId; 1],
    data: Data,
}

#[derive(Clone, Debug, Serialize)]
struct Data {
    ts: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_id: Option<String>,
}

#[derive(Serialize)]
struct Edu<'a, T: Serialize> {
    edu_type: &'a str,
    content: T,
}

/// An EDU as text.
pub(super) fn edu(edu_type: &str, content: impl Serialize) -> String {
    serde_json::to_string(&Edu { edu_type, content }).expect("names, numbers and JSON texts can be written")
}

/// An EDU whose content is text already; `None` if that is no JSON.
pub(super) fn edu_of_text(edu_type: &str, content: &str) -> Option<String> {
    let content: &RawValue = serde_json::from_str(content).ok()?;
    Some(edu(edu_type, content))
}

impl Sender {
    /// Adds the receipt that moved at a position, unless it has moved on. False if there is no room for it among at
    /// most `edus_max` EDUs.
    pub(super) fn add_receipt(
        &self,
        read: &dyn Read,
        room: RoomSid,
        position: Position,
        edus: &mut Vec<Receipts>,
        edus_max: usize,
    ) -> Result<bool, Error> {
        let Some(moved) = RECEIPT_STREAM.get(read, &(room, position))? else { return Ok(true) };
        if moved.kind != ReceiptKind::Public {
            return Ok(true);
        }
        let key = (room, moved.user, moved.kind as u8, moved.thread);
        let Some(record) = RECEIPTS.get(read, &key)? else { return Ok(true) };
        let ids = self.store.ids();
        let (room_id, user_id) = (ids.room_id(room)?, ids.user_id(moved.user)?);
        let taken = |edu: &Receipts| edu.get(&room_id).is_some_and(|room| room.read.contains_key(&user_id));
        let free = edus.iter().position(|edu| !taken(edu));
        let edu = match free {
            Some(free) => &mut edus[free],
            None if edus.len() >= edus_max => return Ok(false),
            None => {
                edus.push(Receipts::new());
                edus.last_mut().expect("pushed just now")
            }
        };
        let thread_id = Some(key.3).filter(|thread| thread != UNTHREADED);
        let data = Data { ts: record.timestamp_ms, thread_id };
        let receipt = Receipt { event_ids: [ids.event_id(record.event)?], data };
        edu.entry(room_id).or_default().read.insert(user_id, receipt);
        Ok(true)
    }

    /// Whether a user is typing.
    pub(super) fn typing_edu(&self, room: RoomSid, user: UserSid) -> Result<String, Error> {
        let row = self.store.live().typing(room).unwrap_or_default();
        let content = json!({
            "room_id": self.store.ids().room_id(room)?,
            "user_id": self.store.ids().user_id(user)?,
            "typing": row.until_ms.contains_key(&user),
        });
        Ok(edu("m.typing", content))
    }

    /// How users present themselves; `None` if nothing is known of any.
    pub(super) fn presence_edu(&self, users: &BTreeSet<UserSid>) -> Result<Option<String>, Error> {
        let now_ms = self.clock.now_ms();
        let mut push = Vec::new();
        for user in users {
            let Some(row) = self.store.live().presence(*user) else { continue };
            let mut update = json!({
                "user_id": self.store.ids().user_id(*user)?,
                "presence": row.state.as_str(),
                "last_active_ago": now_ms.saturating_sub(row.last_active_ms),
                "currently_active": row.currently_active,
            });
            if let Some(status) = row.status {
                update["status_msg"] = status.into();
            }
            push.push(update);
        }
        Ok((!push.is_empty()).then(|| edu("m.presence", json!({ "push": push }))))
    }
}
