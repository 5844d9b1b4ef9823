//! `account_data`: what the user keeps here, of no room and of each room.
//! <https://spec.matrix.org/v1.19/client-server-api/#client-config>

use std::collections::BTreeMap;

use kith_rooms::filter::RoomEventFilter;
use kith_store::{
    Direction, Error, Position, RoomSid,
    tables::account_data::{self, ACCOUNT_DATA, AccountDataRecord, GLOBAL},
};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{moment::Moment, response::Events};

/// The types of account data that changed, by room; [`GLOBAL`] for those of no room.
pub(crate) type ChangedTypes = BTreeMap<RoomSid, Vec<String>>;

/// The type of the push rules.
const PUSH_RULES: &str = "m.push_rules";

#[derive(Serialize)]
struct Event<'a> {
    r#type: &'a str,
    content: &'a RawValue,
}

impl Moment<'_> {
    /// Everything the user keeps of a room, or of none.
    pub(crate) fn account_data_complete(&self, room: RoomSid) -> Result<Events, Error> {
        let filter = self.account_data_filter(room);
        let mut events = Vec::new();
        if filter.allows_nothing() {
            return Ok(events.into());
        }
        let mut has_push_rules = false;
        for row in ACCOUNT_DATA.scan(self.read, &(self.user, room), Direction::Forward) {
            let ((_, _, kind), record) = row?;
            if record.is_deleted() {
                continue;
            }
            has_push_rules |= kind == PUSH_RULES;
            self.add(filter, &kind, &record, &mut events);
        }
        if let (GLOBAL, false, Some(user_id)) = (room, has_push_rules, &self.viewer.user_id) {
            // Everybody has push rules; clients wait for them.
            let content = self.sync.push_rules.default_rules(user_id);
            let record = AccountDataRecord { position: Position::START, content };
            self.add(filter, PUSH_RULES, &record, &mut events);
        }
        self.filtered(room, filter, events)
    }

    /// What the user keeps of a room, or of none, and has changed.
    pub(crate) fn account_data_incremental(
        &self,
        room: RoomSid,
        changed: &ChangedTypes,
    ) -> Result<Events, Error> {
        let filter = self.account_data_filter(room);
        let mut events = Vec::new();
        for kind in changed.get(&room).into_iter().flatten() {
            if let Some(mut record) = ACCOUNT_DATA.get(self.read, &(self.user, room, kind.clone()))? {
                if record.is_deleted() {
                    // Clients know what is empty from before there was deleting.
                    "{}".clone_into(&mut record.content);
                }
                self.add(filter, kind, &record, &mut events);
            }
        }
        self.filtered(room, filter, events)
    }

    /// Which account data changed behind `since`.
    pub(crate) fn changed_account_data(&self, since: Position) -> Result<ChangedTypes, Error> {
        let mut changed = ChangedTypes::new();
        for row in account_data::changed(self.read, self.user, since, self.until) {
            let (_, change) = row?;
            changed.entry(change.room).or_default().push(change.kind);
        }
        Ok(changed)
    }

    fn account_data_filter(&self, room: RoomSid) -> &RoomEventFilter {
        if room == GLOBAL { &self.filter.account_data } else { &self.filter.room.account_data }
    }

    fn add(
        &self,
        filter: &RoomEventFilter,
        kind: &str,
        record: &AccountDataRecord,
        events: &mut Vec<Box<RawValue>>,
    ) {
        // What changed behind the end of the answer is for the next one.
        if record.position > self.until || !filter.allows_type(kind) {
            return;
        }
        // One's own data: all of it is sent by the user.
        if self.viewer.user_id.as_ref().is_some_and(|user_id| !filter.allows_sender(user_id)) {
            return;
        }
        let Ok(content) = serde_json::from_str::<&RawValue>(&record.content) else { return };
        let event = serde_json::value::to_raw_value(&Event { r#type: kind, content });
        events.push(event.expect("a type and JSON can be written"));
    }

    fn filtered(
        &self,
        room: RoomSid,
        filter: &RoomEventFilter,
        mut events: Vec<Box<RawValue>>,
    ) -> Result<Events, Error> {
        if room != GLOBAL && !events.is_empty() && !filter.allows_room(&self.room_id(room)?) {
            events.clear();
        }
        if let Some(limit) = filter.limit {
            events.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        Ok(events.into())
    }
}
