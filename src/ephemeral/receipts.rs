//! Read receipts: public, private and threaded. A receipt only moves forward.
//! <https://spec.matrix.org/v1.19/client-server-api/#receipts>

use kith_accounts::Requester;
use kith_store::{
    ChangeKind, Committed, Error, EventSid, Position, RoomSid, UserSid,
    tables::{
        account_data,
        events::EVENT_META,
        members::Membership,
        receipts::{
            MAIN_THREAD, RECEIPT_STREAM, RECEIPTS, ReceiptKind, ReceiptMove, ReceiptRecord, UNTHREADED,
        },
    },
};
use ruma::{EventId, RoomId, events::receipt::ReceiptThread};

use crate::Ephemeral;

/// A receipt as a client sends it.
#[derive(Clone, Debug)]
pub struct Receipt<'a> {
    /// The room.
    pub room_id: &'a RoomId,
    /// The event read up to.
    pub event_id: &'a EventId,
    /// Who may see it.
    pub kind: ReceiptKind,
    /// The thread it speaks of.
    pub thread: &'a ReceiptThread,
}

/// Why a receipt was refused.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// Only members read.
    #[error("you are not in this room")]
    NotInRoom,
    /// The event is not known, or not of this room.
    #[error("there is no such event in this room")]
    UnknownEvent,
    /// The thread id is malformed, or the event is not in that thread.
    #[error("the event does not belong to the thread")]
    WrongThread,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] kith_store::Error),
}

impl Ephemeral {
    /// Moves the requester's receipt, unless it already stands there or further.
    pub fn set_receipt(&self, requester: &Requester, receipt: &Receipt<'_>) -> Result<(), ReceiptError> {
        let room = self.store.ids().find_room(receipt.room_id)?.ok_or(ReceiptError::NotInRoom)?;
        if self.rooms.membership(requester.user, room)? != Some(Membership::Join) {
            return Err(ReceiptError::NotInRoom);
        }
        let (event, event_position) = self.place_of(room, receipt.event_id)?;
        let thread = self.thread_key(receipt.thread, event)?;
        let key = (room, requester.user, receipt.kind as u8, thread);
        let record = ReceiptRecord {
            event,
            event_position,
            timestamp_ms: self.clock.now_ms(),
            position: Position::START,
        };
        if let Some(committed) = self.move_receipt(key, receipt.kind, record)? {
            committed.wait_durable()?;
        }
        Ok(())
    }

    /// Moves a receipt, unless it already stands there or further.
    pub(crate) fn move_receipt(
        &self,
        key: (RoomSid, UserSid, u8, String),
        kind: ReceiptKind,
        mut record: ReceiptRecord,
    ) -> Result<Option<Committed>, Error> {
        let (room, user) = (key.0, key.1);
        // Two moves of one receipt at the same time must not leave two rows in the stream.
        let _order = self.user_order.lock(user);
        let old = RECEIPTS.get(self.store.engine(), &key)?;
        if old.as_ref().is_some_and(|old| old.event_position >= record.event_position) {
            return Ok(None);
        }
        let mut txn = self.store.begin();
        record.position = txn.position()?;
        if let Some(old) = old {
            RECEIPT_STREAM.delete(&mut txn.batch, &(room, old.position));
        }
        RECEIPTS.put(&mut txn.batch, &key, &record);
        let moved = ReceiptMove { user, kind, thread: key.3 };
        RECEIPT_STREAM.put(&mut txn.batch, &(room, record.position), &moved);
        let private = kind == ReceiptKind::Private;
        txn.change(record.position, ChangeKind::Receipt { room, user, private });
        Ok(Some(self.store.commit(txn)?))
    }

    /// Moves the requester's fully-read marker; only they see it, and it may move back.
    pub fn set_fully_read(
        &self,
        requester: &Requester,
        room_id: &RoomId,
        event_id: &EventId,
    ) -> Result<(), ReceiptError> {
        let room = self.store.ids().find_room(room_id)?.ok_or(ReceiptError::NotInRoom)?;
        if self.rooms.membership(requester.user, room)? != Some(Membership::Join) {
            return Err(ReceiptError::NotInRoom);
        }
        let content = serde_json::json!({"event_id": event_id}).to_string();
        let order = self.user_order.lock(requester.user);
        let mut txn = self.store.begin();
        account_data::put(
            &mut txn,
            self.store.engine(),
            requester.user,
            Some(room),
            "m.fully_read",
            content,
        )?;
        let committed = self.store.commit(txn)?;
        drop(order);
        Ok(committed.wait_durable()?)
    }

    /// An event of the room and where it stands.
    pub(crate) fn place_of(
        &self,
        room: RoomSid,
        event_id: &EventId,
    ) -> Result<(EventSid, Position), ReceiptError> {
        let event = self.store.ids().find_event(event_id)?.ok_or(ReceiptError::UnknownEvent)?;
        let meta = EVENT_META.get(self.store.engine(), &event)?.ok_or(ReceiptError::UnknownEvent)?;
        if meta.room != room {
            return Err(ReceiptError::UnknownEvent);
        }
        let position = meta.place.and_then(|place| place.position).unwrap_or(Position::START);
        Ok((event, position))
    }

    /// The thread as it stands in keys, if the event belongs to it.
    pub(crate) fn thread_key(&self, thread: &ReceiptThread, event: EventSid) -> Result<String, ReceiptError> {
        let meta = EVENT_META.get(self.store.engine(), &event)?.ok_or(ReceiptError::UnknownEvent)?;
        let thread_of_event = meta.place.and_then(|place| place.thread);
        match thread {
            ReceiptThread::Unthreaded => Ok(UNTHREADED.to_owned()),
            // Thread roots belong to the main timeline and to their thread.
            ReceiptThread::Main if thread_of_event.is_none() => Ok(MAIN_THREAD.to_owned()),
            ReceiptThread::Thread(root) => {
                let root_sid = self.store.ids().find_event(root)?;
                if root_sid.is_none() || (thread_of_event != root_sid && Some(event) != root_sid) {
                    return Err(ReceiptError::WrongThread);
                }
                Ok(root.to_string())
            }
            _ => Err(ReceiptError::WrongThread),
        }
    }
}
