//! Gathering what a query finds: the best so many within some rooms and behind a mark, in one pass over the matches.

use std::{cmp::Reverse, collections::BinaryHeap, collections::HashSet, sync::Arc};

use kith_store::{EventSid, RoomSid};
use tantivy::{
    DocId, Score, SegmentOrdinal, SegmentReader,
    collector::{Collector, SegmentCollector},
    columnar::ColumnValues,
};

/// In which order results come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The best matches first.
    #[default]
    Rank,
    /// The newest first.
    Recent,
}

/// Where a result stands among the others: a greater mark comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    /// The bits of the rank, which sort as it does; zero in order of time.
    pub(crate) rank: u32,
    pub(crate) timestamp_ms: u64,
    pub(crate) event: u64,
}

/// A message that matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hit {
    pub(crate) mark: Mark,
    pub(crate) event: EventSid,
    /// The event that the text stands in: the message or its newest edit.
    pub(crate) source: EventSid,
    pub(crate) room: RoomSid,
}

impl Hit {
    /// How well it matches; zero in order of time.
    pub(crate) fn rank(&self) -> f32 {
        f32::from_bits(self.mark.rank)
    }
}

/// What is gathered.
pub(crate) struct Gather {
    pub(crate) rooms: Arc<HashSet<RoomSid>>,
    pub(crate) order: Order,
    /// Only what comes behind this.
    pub(crate) after: Option<Mark>,
    pub(crate) limit: usize,
}

/// The same, within one segment of the index.
pub(crate) struct GatherSegment {
    rooms: Arc<HashSet<RoomSid>>,
    order: Order,
    after: Option<Mark>,
    limit: usize,
    event: Arc<dyn ColumnValues<u64>>,
    source: Arc<dyn ColumnValues<u64>>,
    room: Arc<dyn ColumnValues<u64>>,
    timestamp: Arc<dyn ColumnValues<u64>>,
    /// The best so far, the worst of them on top.
    best: BinaryHeap<Reverse<Hit>>,
}

impl Collector for Gather {
    type Fruit = Vec<Hit>;
    type Child = GatherSegment;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<GatherSegment> {
        let column = |name: &str| -> tantivy::Result<Arc<dyn ColumnValues<u64>>> {
            Ok(segment.fast_fields().u64(name)?.first_or_default_col(0))
        };
        Ok(GatherSegment {
            rooms: Arc::clone(&self.rooms),
            order: self.order,
            after: self.after,
            limit: self.limit,
            event: column("event")?,
            source: column("source")?,
            room: column("room")?,
            timestamp: column("timestamp")?,
            best: BinaryHeap::new(),
        })
    }

    fn requires_scoring(&self) -> bool {
        self.order == Order::Rank
    }

    fn merge_fruits(&self, segments: Vec<Vec<Hit>>) -> tantivy::Result<Vec<Hit>> {
        let mut hits: Vec<Hit> = segments.into_iter().flatten().collect();
        hits.sort_unstable_by(|a, b| b.cmp(a));
        hits.truncate(self.limit);
        Ok(hits)
    }
}

impl SegmentCollector for GatherSegment {
    type Fruit = Vec<Hit>;

    fn collect(&mut self, document: DocId, score: Score) {
        let room = RoomSid(self.room.get_val(document));
        if !self.rooms.contains(&room) {
            return;
        }
        let event = self.event.get_val(document);
        let rank = match self.order {
            Order::Rank => score.max(0.0).to_bits(),
            Order::Recent => 0,
        };
        let mark = Mark { rank, timestamp_ms: self.timestamp.get_val(document), event };
        if self.after.is_some_and(|after| mark >= after) {
            return;
        }
        if self.best.len() >= self.limit {
            if self.best.peek().is_none_or(|worst| worst.0.mark >= mark) {
                return;
            }
            self.best.pop();
        }
        let source = EventSid(self.source.get_val(document));
        self.best.push(Reverse(Hit { mark, event: EventSid(event), source, room }));
    }

    fn harvest(self) -> Vec<Hit> {
        self.best.into_iter().map(|hit| hit.0).collect()
    }
}
