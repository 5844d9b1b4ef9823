//! `m.receipt`: how far others have read, and, for one's own eyes, how far oneself has.
//! <https://spec.matrix.org/v1.19/client-server-api/#receipts>

use std::collections::{BTreeMap, BTreeSet};

use kith_store::{
    Direction, Error, Position, RoomSid, UserSid,
    tables::receipts::{RECEIPT_STREAM, RECEIPTS, ReceiptKind, ReceiptMove, ReceiptRecord, UNTHREADED},
};
use ruma::{OwnedEventId, OwnedUserId};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::moment::Moment;

/// How many receipts of a room, the newest, a client gets that starts; its own come besides.
const RECEIPTS_MAX: usize = 2_000;

/// The content of an `m.receipt`: event, kind, user.
type Content = BTreeMap<OwnedEventId, BTreeMap<&'static str, BTreeMap<OwnedUserId, Receipt>>>;

#[derive(Serialize)]
struct Event<'a> {
    r#type: &'a str,
    content: &'a Content,
}

#[derive(Serialize)]
struct Receipt {
    ts: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_id: Option<String>,
}

impl Moment<'_> {
    /// Where everybody's receipts stand.
    pub(crate) fn receipts_complete(&self, room: RoomSid) -> Result<Vec<Box<RawValue>>, Error> {
        let mut moves = BTreeSet::new();
        let newest = RECEIPT_STREAM.scan(self.read, &(room,), Direction::Backward);
        for row in newest.take(RECEIPTS_MAX) {
            let (_, moved) = row?;
            moves.insert(key(room, &moved));
        }
        for row in RECEIPTS.scan(self.read, &(room, self.user), Direction::Forward) {
            moves.insert(row?.0);
        }
        self.receipts(moves)
    }

    /// The receipts that moved behind `since`.
    pub(crate) fn receipts_incremental(
        &self,
        room: RoomSid,
        since: Position,
    ) -> Result<Vec<Box<RawValue>>, Error> {
        let mut moves = BTreeSet::new();
        let (from, to) = ((room, since.next()), (room, self.until.next()));
        for row in RECEIPT_STREAM.range(self.read, &from, &to, Direction::Forward) {
            let (_, moved) = row?;
            moves.insert(key(room, &moved));
        }
        self.receipts(moves)
    }

    /// The receipts under these keys that the user may see. One event has room for one receipt of a user at an event
    /// of the room; who has several there, for several threads, gets several events.
    fn receipts(&self, keys: BTreeSet<(RoomSid, UserSid, u8, String)>) -> Result<Vec<Box<RawValue>>, Error> {
        let private = ReceiptKind::Private as u8;
        let (ignored, own) = (&self.viewer.ignored, self.user);
        let keys: Vec<_> = keys
            .into_iter()
            .filter(|(_, user, kind, _)| !ignored.contains(user) && (*kind != private || *user == own))
            .collect();
        let mut contents: Vec<Content> = Vec::new();
        for (key, record) in keys.iter().zip(RECEIPTS.get_many(self.read, &keys)?) {
            let Some(record) = record.filter(|record| record.position <= self.until) else { continue };
            let (_, user, kind, thread) = key;
            let Some(kind) = ReceiptKind::from_key(*kind) else { continue };
            self.add_receipt(*user, kind, thread, &record, &mut contents)?;
        }
        let event = |content: &Content| {
            let event = serde_json::value::to_raw_value(&Event { r#type: "m.receipt", content });
            event.expect("receipts are names and numbers")
        };
        Ok(contents.iter().map(event).collect())
    }

    fn add_receipt(
        &self,
        user: UserSid,
        kind: ReceiptKind,
        thread: &str,
        record: &ReceiptRecord,
        contents: &mut Vec<Content>,
    ) -> Result<(), Error> {
        let ids = self.sync.store.ids();
        let (event_id, user_id) = (ids.event_id(record.event)?, ids.user_id(user)?);
        let thread_id = (thread != UNTHREADED).then(|| thread.to_owned());
        let receipt = Receipt { ts: record.timestamp_ms, thread_id };
        let taken = |content: &Content| {
            let of_kind = content.get(&event_id).and_then(|kinds| kinds.get(kind.as_str()));
            of_kind.is_some_and(|users| users.contains_key(&user_id))
        };
        let free = match contents.iter().position(|content| !taken(content)) {
            Some(free) => free,
            None => {
                contents.push(Content::new());
                contents.len() - 1
            }
        };
        contents[free]
            .entry(event_id)
            .or_default()
            .entry(kind.as_str())
            .or_default()
            .insert(user_id, receipt);
        Ok(())
    }
}

fn key(room: RoomSid, moved: &ReceiptMove) -> (RoomSid, UserSid, u8, String) {
    (room, moved.user, moved.kind as u8, moved.thread.clone())
}
