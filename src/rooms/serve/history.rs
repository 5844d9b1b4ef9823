//! Stretches of a room's graph: backwards from known events, and between known events.
//! <https://spec.matrix.org/v1.19/server-server-api/#backfilling-and-retrieving-missing-events>

use std::collections::{BinaryHeap, HashSet, VecDeque};

use kith_store::{Error, EventSid, Read, tables::events::EVENT_META, tables::events::EventMeta};
use ruma::{OwnedEventId, RoomId, ServerName};

use super::{ServeError, ServedRoom, state::push};
use crate::Rooms;

/// How many events one answer has at most.
const BACKFILL_EVENTS_MAX: usize = 100;
/// How many missing events one answer has at most.
const MISSING_EVENTS_MAX: usize = 50;
/// How many events a request may name.
const NAMED_EVENTS_MAX: usize = 1_000;
/// How many events are looked at for one answer, handed out or not.
const EVENTS_LOOKED_AT_MAX: usize = 2_000;

/// Between which events a server misses some.
#[derive(Clone, Debug)]
pub struct MissingBetween<'a> {
    /// The newest events that it has.
    pub earliest: &'a [OwnedEventId],
    /// The events that follow what it misses.
    pub latest: &'a [OwnedEventId],
    /// How many at most.
    pub limit: usize,
    /// No event with a lower depth.
    pub min_depth: u64,
}

impl Rooms {
    /// `/backfill`: events and what came before them, newest first, as a JSON array.
    pub fn serve_backfill(
        &self,
        read: &dyn Read,
        server: &ServerName,
        room_id: &RoomId,
        from: &[OwnedEventId],
        limit: usize,
    ) -> Result<String, ServeError> {
        check_named(from.len())?;
        let served = self.serve_own(read, server, room_id)?;
        let limit = limit.min(BACKFILL_EVENTS_MAX);
        let mut walk = Backwards::default();
        for event_id in from {
            if let Some((event, meta)) = served.find_placed(event_id)? {
                walk.add(event, meta);
            }
        }
        if served.parted && walk.waiting.is_empty() {
            return Err(ServeError::NotInRoom);
        }
        let mut list = String::from("[");
        let (mut listed, mut looked_at) = (0, 0);
        while listed < limit
            && looked_at < EVENTS_LOOKED_AT_MAX
            && let Some((event, meta)) = walk.next()
        {
            looked_at += 1;
            if let Some(text) = served.text_of(event, &meta)? {
                push(&mut list, &text);
                listed += 1;
            }
            served.add_previous(&mut walk, &meta)?;
        }
        list.push(']');
        Ok(list)
    }

    /// `/get_missing_events`: what lies between events, oldest first, as a JSON array.
    pub fn serve_missing_events(
        &self,
        read: &dyn Read,
        server: &ServerName,
        room_id: &RoomId,
        between: &MissingBetween<'_>,
    ) -> Result<String, ServeError> {
        check_named(between.earliest.len().max(between.latest.len()))?;
        let served = self.serve_own(read, server, room_id)?;
        let texts = served.missing_between(between)?;
        let mut list = String::from("[");
        for text in texts.iter().rev() {
            push(&mut list, text);
        }
        list.push(']');
        Ok(list)
    }
}

impl ServedRoom<'_> {
    /// The texts of what lies between events, newest first: level by level, so that a limit cuts off what is farthest
    /// from the events that follow.
    fn missing_between(&self, between: &MissingBetween<'_>) -> Result<Vec<String>, ServeError> {
        let limit = between.limit.min(MISSING_EVENTS_MAX);
        let mut known: HashSet<EventSid> = HashSet::new();
        for event_id in between.earliest {
            known.extend(self.rooms.store.ids().find_event(event_id)?);
        }
        let mut waiting: VecDeque<EventMeta> = VecDeque::new();
        for event_id in between.latest {
            if let Some((event, meta)) = self.find_placed(event_id)?
                && known.insert(event)
            {
                waiting.push_back(meta);
            }
        }
        if self.parted && waiting.is_empty() {
            return Err(ServeError::NotInRoom);
        }
        let mut texts = Vec::new();
        let mut looked_at = 0;
        while let Some(later) = waiting.pop_front() {
            for (event, meta) in self.previous(&later)? {
                if looked_at == EVENTS_LOOKED_AT_MAX || texts.len() == limit {
                    return Ok(texts);
                }
                if meta.depth < between.min_depth || !known.insert(event) {
                    continue;
                }
                looked_at += 1;
                texts.extend(self.text_of(event, &meta)?);
                waiting.push_back(meta);
            }
        }
        Ok(texts)
    }

    /// The events before an event, as far as they have a place.
    fn previous(&self, meta: &EventMeta) -> Result<Vec<(EventSid, EventMeta)>, Error> {
        let metas = EVENT_META.get_many(self.read, &meta.prev)?;
        let found = meta.prev.iter().copied().zip(metas).filter_map(|(event, meta)| Some((event, meta?)));
        Ok(found.filter(|(_, meta)| meta.room == self.room.sid && meta.place.is_some()).collect())
    }

    fn add_previous(&self, walk: &mut Backwards, meta: &EventMeta) -> Result<(), Error> {
        for (event, meta) in self.previous(meta)? {
            walk.add(event, meta);
        }
        Ok(())
    }
}

/// A walk back through the graph, always on from the event that stands highest.
#[derive(Default)]
struct Backwards {
    known: HashSet<EventSid>,
    waiting: BinaryHeap<Waiting>,
}

/// An event that the walk comes to, ordered by where it stands.
struct Waiting {
    rank: (u64, i64, EventSid),
    meta: EventMeta,
}

impl Backwards {
    fn add(&mut self, event: EventSid, meta: EventMeta) {
        if self.known.insert(event) {
            let order = meta.place.as_ref().map_or(0, |place| place.order);
            self.waiting.push(Waiting { rank: (meta.depth, order, event), meta });
        }
    }

    fn next(&mut self) -> Option<(EventSid, EventMeta)> {
        self.waiting.pop().map(|Waiting { rank, meta }| (rank.2, meta))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank.cmp(&other.rank)
    }
}

fn check_named(events: usize) -> Result<(), ServeError> {
    match events {
        0..=NAMED_EVENTS_MAX => Ok(()),
        _ => Err(ServeError::InvalidParam("too many events are named")),
    }
}
