//! `m.typing`: who is typing. <https://spec.matrix.org/v1.19/client-server-api/#typing-notifications>

use kith_store::{Error, Position, RoomSid, UserSid};
use ruma::OwnedUserId;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::moment::Moment;

#[derive(Serialize)]
struct Event {
    r#type: &'static str,
    content: Content,
}

#[derive(Serialize)]
struct Content {
    user_ids: Vec<OwnedUserId>,
}

impl Moment<'_> {
    /// Who is typing, if anybody is.
    pub(crate) fn typing_complete(&self, room: RoomSid) -> Result<Option<Box<RawValue>>, Error> {
        match self.sync.store.live().typing(room) {
            Some(row) if row.position <= self.until && !row.until_ms.is_empty() => {
                self.typing_event(row.until_ms.into_keys()).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Who is typing, if that changed behind `since`.
    pub(crate) fn typing_incremental(
        &self,
        room: RoomSid,
        since: Position,
    ) -> Result<Option<Box<RawValue>>, Error> {
        match self.sync.store.live().typing(room) {
            Some(row) if since < row.position && row.position <= self.until => {
                self.typing_event(row.until_ms.into_keys()).map(Some)
            }
            // Whoever was typing when the server stopped is not typing any more.
            None if since < self.sync.started => self.typing_event([]).map(Some),
            _ => Ok(None),
        }
    }

    fn typing_event(&self, users: impl IntoIterator<Item = UserSid>) -> Result<Box<RawValue>, Error> {
        let ids = self.sync.store.ids();
        let users = users.into_iter().filter(|user| !self.viewer.ignored.contains(user));
        let user_ids = users.map(|user| ids.user_id(user)).collect::<Result<_, _>>()?;
        let event = Event { r#type: "m.typing", content: Content { user_ids } };
        Ok(serde_json::value::to_raw_value(&event).expect("names can be written"))
    }
}
