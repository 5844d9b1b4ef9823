//! Relations and threads: which event speaks of which, and what a thread's root shows of the thread.
//! <https://spec.matrix.org/v1.19/client-server-api/#forming-relationships-between-events>

use std::collections::BTreeMap;

use kith_event::Pdu;
use kith_store::{
    Error, EventSid, Position, RoomSid, Txn, UserSid,
    tables::relations::{
        RELATIONS, RelationRecord, THREAD_ORDER, THREAD_PARTICIPANTS, THREADS, ThreadRecord,
    },
};
use ruma::{EventId, OwnedEventId};
use serde::Deserialize;

use super::RoomWrite;

/// How long a relation's type and key may be to be recorded, in bytes.
const RELATION_WORD_BYTES_MAX: usize = 1_024;

/// `m.relates_to` of an event.
#[derive(Clone, Debug)]
pub(crate) struct RelatesTo {
    pub(crate) rel_type: String,
    pub(crate) parent: OwnedEventId,
    pub(crate) key: Option<String>,
}

/// The rows of one thread as they will be.
pub(super) struct ThreadRows {
    /// What is stored.
    before: Option<ThreadRecord>,
    room: RoomSid,
    count: u64,
    countable: u64,
    latest: Option<(EventSid, Position)>,
    participants: BTreeMap<UserSid, u64>,
}

impl RelatesTo {
    /// The relation of an event, if it has one that is worth recording.
    pub(crate) fn of(pdu: &Pdu) -> Option<Self> {
        #[derive(Deserialize)]
        struct Field {
            rel_type: Option<String>,
            event_id: Option<String>,
            key: Option<String>,
        }
        let field: Field = pdu.content_field("m.relates_to")?;
        let rel_type = field.rel_type?;
        let long = |word: &str| word.len() > RELATION_WORD_BYTES_MAX;
        // State is replaced by state, and is no part of a conversation.
        let of_messages = matches!(rel_type.as_str(), "m.replace" | "m.thread" | "m.annotation");
        if long(&rel_type) || field.key.as_deref().is_some_and(long) || (of_messages && pdu.is_state()) {
            return None;
        }
        let parent = EventId::parse(field.event_id?).ok()?;
        Some(Self { rel_type, parent, key: field.key })
    }

    pub(crate) fn is_thread(&self) -> bool {
        self.rel_type == "m.thread"
    }

    pub(crate) fn is_edit(&self) -> bool {
        self.rel_type == "m.replace"
    }
}

impl ThreadRows {
    pub(super) fn countable(&self) -> u64 {
        self.countable
    }

    pub(super) fn count(&mut self) {
        self.countable += 1;
    }

    /// Takes an event in; history, which has no position, is the newest only where there is nothing else.
    fn joins(&mut self, event: EventSid, sender: UserSid, position: Option<Position>) {
        self.count += 1;
        match (position, self.latest) {
            (Some(position), _) => self.latest = Some((event, position)),
            (None, None) => self.latest = Some((event, Position::START)),
            (None, Some(_)) => {}
        }
        *self.participants.entry(sender).or_insert(0) += 1;
    }
}

impl RoomWrite<'_> {
    /// The thread that the event at `index` belongs to: the one it names, or that of the event it speaks of.
    pub(super) fn thread_of(&self, index: usize) -> Result<Option<EventSid>, Error> {
        let Some(relates_to) = &self.events[index].relates_to else { return Ok(None) };
        let Some(parent) = self.parent(relates_to)? else { return Ok(None) };
        if relates_to.is_thread() {
            return Ok(Some(parent));
        }
        Ok(self.find_meta(parent)?.and_then(|meta| meta.place).and_then(|place| place.thread))
    }

    /// The event that another speaks of, unless it is in another room: then nothing is recorded, or one room could
    /// write into the threads of another. It may not have arrived yet.
    fn parent(&self, relates_to: &RelatesTo) -> Result<Option<EventSid>, Error> {
        let parent = self.rooms.store.ids().event(&relates_to.parent)?;
        let room = match self.find_meta(parent)? {
            Some(meta) => Some(meta.room),
            None if relates_to.is_thread() => {
                THREADS.get(self.rooms.store.engine(), &parent)?.map(|record| record.room)
            }
            None => None,
        };
        Ok(room.is_none_or(|room| room == self.room.sid).then_some(parent))
    }

    /// The rows of a thread, read when first asked for.
    pub(super) fn thread_rows(&mut self, root: EventSid) -> Result<&mut ThreadRows, Error> {
        if !self.threads.contains_key(&root) {
            let before = THREADS.get(self.rooms.store.engine(), &root)?;
            // What another room claimed before the root arrived is void.
            let own = before.as_ref().filter(|record| record.room == self.room.sid);
            let rows = ThreadRows {
                room: self.room.sid,
                count: own.map_or(0, |record| record.count),
                countable: own.map_or(0, |record| record.countable),
                latest: own.map(|record| (record.latest, record.position)),
                participants: BTreeMap::new(),
                before,
            };
            self.threads.insert(root, rows);
        }
        let missing = || Error::Missing { table: "threads", key: root.0.to_string() };
        self.threads.get_mut(&root).ok_or_else(missing)
    }

    /// The row of the relation of the event at `index`.
    pub(super) fn write_relation(&mut self, txn: &mut Txn, index: usize) -> Result<(), Error> {
        let event = &self.events[index];
        let Some(place) = &event.meta.place else { return Ok(()) };
        let (position, order) = (place.position, place.order);
        let Some(relates_to) = event.relates_to.clone() else { return Ok(()) };
        let (sid, sender, depth) = (event.sid, event.meta.sender, event.meta.depth);
        let Some(parent) = self.parent(&relates_to)? else { return Ok(()) };
        let record = RelationRecord {
            kind: self.events[index].pdu.kind().to_string(),
            rel_type: relates_to.rel_type.clone(),
            key: relates_to.key.clone(),
            sender,
        };
        RELATIONS.put(&mut txn.batch, &(parent, depth, order, sid), &record);
        if relates_to.is_thread() {
            self.participate(parent, sender)?;
            self.thread_rows(parent)?.joins(sid, sender, position);
        }
        Ok(())
    }

    /// Takes an event that is being redacted out of what it spoke of.
    pub(super) fn unrelate(&mut self, txn: &mut Txn, event: EventSid, pdu: &Pdu) -> Result<(), Error> {
        let Some(relates_to) = RelatesTo::of(pdu) else { return Ok(()) };
        let meta = self.meta(event)?;
        let Some(place) = &meta.place else { return Ok(()) };
        let Some(parent) = self.parent(&relates_to)? else { return Ok(()) };
        RELATIONS.delete(&mut txn.batch, &(parent, meta.depth, place.order, event));
        if !relates_to.is_thread() {
            return Ok(());
        }
        self.participate(parent, meta.sender)?;
        let newest_left = match self.thread_rows(parent)?.latest {
            Some((latest, _)) if latest == event => self.newest_in_thread(parent, event)?,
            other => other,
        };
        let rows = self.thread_rows(parent)?;
        rows.count = rows.count.saturating_sub(1);
        rows.latest = newest_left;
        if let Some(events) = rows.participants.get_mut(&meta.sender) {
            *events = events.saturating_sub(1);
        }
        Ok(())
    }

    pub(super) fn write_threads(&self, txn: &mut Txn) {
        for (root, rows) in &self.threads {
            if let Some(before) = &rows.before {
                THREAD_ORDER.delete(&mut txn.batch, &(before.room, before.position, *root));
            }
            for (user, events) in &rows.participants {
                match events {
                    0 => THREAD_PARTICIPANTS.delete(&mut txn.batch, &(*root, *user)),
                    _ => THREAD_PARTICIPANTS.put(&mut txn.batch, &(*root, *user), events),
                }
            }
            let Some((latest, position)) = rows.latest.filter(|_| rows.count > 0) else {
                THREADS.delete(&mut txn.batch, root);
                continue;
            };
            let (room, count, countable) = (rows.room, rows.count, rows.countable);
            THREADS.put(&mut txn.batch, root, &ThreadRecord { room, count, latest, position, countable });
            THREAD_ORDER.put(&mut txn.batch, &(room, position, *root), &());
        }
    }

    /// Reads how many events of a thread are a user's, before that changes.
    fn participate(&mut self, root: EventSid, user: UserSid) -> Result<(), Error> {
        if self.thread_rows(root)?.participants.contains_key(&user) {
            return Ok(());
        }
        let events = THREAD_PARTICIPANTS.get(self.rooms.store.engine(), &(root, user))?.unwrap_or(0);
        self.thread_rows(root)?.participants.insert(user, events);
        Ok(())
    }

    /// The newest event of a thread, stored or about to be, apart from one.
    fn newest_in_thread(
        &self,
        root: EventSid,
        apart: EventSid,
    ) -> Result<Option<(EventSid, Position)>, Error> {
        let mut newest = None;
        for event in &self.events {
            let Some(place) = event.meta.place.as_ref().filter(|_| event.meta.redacted_by.is_none()) else {
                continue;
            };
            let in_thread = event.relates_to.as_ref().filter(|relates_to| relates_to.is_thread());
            let Some(relates_to) = in_thread.filter(|_| event.sid != apart) else { continue };
            if self.parent(relates_to)? == Some(root) {
                let child = (event.meta.depth, place.order, event.sid, place.position);
                newest = newest.max(Some(child));
            }
        }
        let engine = self.rooms.store.engine();
        for row in RELATIONS.scan(engine, &root, kith_store::Direction::Backward) {
            let ((_, _, _, child), record) = row?;
            if record.rel_type != "m.thread" || child == apart {
                continue;
            }
            let meta = self.meta(child)?;
            if let Some(place) = meta.place.filter(|_| meta.room == self.room.sid) {
                newest = newest.max(Some((meta.depth, place.order, child, place.position)));
                break;
            }
        }
        Ok(newest.map(|(_, _, child, position)| (child, position.unwrap_or(Position::START))))
    }
}
