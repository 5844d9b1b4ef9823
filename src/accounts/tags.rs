//! Tags: the `m.tag` account data of a room, changed one tag at a time.
//! <https://spec.matrix.org/v1.19/client-server-api/#room-tagging>

use kith_store::{Error, RoomSid, UserSid, tables::account_data};
use serde_json::{Map, Value};

use crate::Accounts;

const KIND: &str = "m.tag";
const TAGS: &str = "tags";
/// How long the name of a tag may be, in bytes.
const TAG_BYTES_MAX: usize = 255;
/// How many tags a room may have.
const TAGS_PER_ROOM_MAX: usize = 1000;

/// Why a tag cannot be set.
#[derive(Debug, thiserror::Error)]
pub enum TagError {
    /// The name is empty or too long.
    #[error("the name of a tag has between 1 and {TAG_BYTES_MAX} bytes")]
    BadName,
    /// The room has too many tags.
    #[error("a room has at most {TAGS_PER_ROOM_MAX} tags")]
    TooMany,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Accounts {
    /// The tags of a room: name → what the client says of it.
    pub fn tags(&self, user: UserSid, room: RoomSid) -> Result<Map<String, Value>, Error> {
        let content = account_data::find(self.read(), user, Some(room), KIND)?;
        Ok(content.map(|content| parse(&content)).unwrap_or_default())
    }

    /// Sets a tag.
    pub fn set_tag(&self, user: UserSid, room: RoomSid, tag: &str, info: Value) -> Result<(), TagError> {
        if tag.is_empty() || tag.len() > TAG_BYTES_MAX {
            return Err(TagError::BadName);
        }
        self.change_tags(user, room, |tags| {
            tags.insert(tag.to_owned(), info);
            if tags.len() > TAGS_PER_ROOM_MAX { Err(TagError::TooMany) } else { Ok(true) }
        })
    }

    /// Removes a tag; one that is not there is as good as removed.
    pub fn delete_tag(&self, user: UserSid, room: RoomSid, tag: &str) -> Result<(), TagError> {
        self.change_tags(user, room, |tags| Ok(tags.remove(tag).is_some()))
    }

    /// `change` returns whether there is anything to write.
    fn change_tags(
        &self,
        user: UserSid,
        room: RoomSid,
        change: impl FnOnce(&mut Map<String, Value>) -> Result<bool, TagError>,
    ) -> Result<(), TagError> {
        let lane = self.lanes.user(user);
        let mut tags = self.tags(user, room)?;
        if !change(&mut tags)? {
            return Ok(());
        }
        let content = Value::Object(Map::from_iter([(TAGS.to_owned(), Value::Object(tags))]));
        let mut txn = self.store.begin();
        account_data::put(&mut txn, self.read(), user, Some(room), KIND, content.to_string())?;
        let committed = self.store.commit(txn)?;
        drop(lane);
        committed.wait_durable()?;
        Ok(())
    }
}

/// Clients may also write `m.tag` as a whole, so it may hold anything; what is not a set of tags counts as empty.
fn parse(content: &str) -> Map<String, Value> {
    let mut content: Map<String, Value> = serde_json::from_str(content).unwrap_or_default();
    match content.remove(TAGS) {
        Some(Value::Object(tags)) => tags,
        _ => Map::new(),
    }
}
