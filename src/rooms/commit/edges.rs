//! The backward edges: events that have a place although some of those they follow have none. Below each of them is a
//! gap in what this server knows of the room's history.

use std::collections::{BTreeMap, BTreeSet};

use kith_store::{
    Direction, Error, EventSid, Txn,
    state::StateRoot,
    tables::{edges::BACKWARD_EDGES, events::Verdict},
};

use super::RoomWrite;

/// How many edges a room may have. Whoever would open more has to fill a gap first.
pub(crate) const EDGES_MAX: usize = 1_000;

/// The edges of one room, as they will be.
#[derive(Default)]
pub(super) struct Edges {
    open: BTreeMap<EventSid, Edge>,
    stored: BTreeSet<(u64, EventSid)>,
}

struct Edge {
    depth: u64,
    accepted: bool,
    prev: Vec<EventSid>,
}

impl RoomWrite<'_> {
    /// Whether the room may have another edge.
    pub(crate) fn may_open_edge(&mut self) -> Result<bool, Error> {
        Ok(self.edges()?.open.len() < EDGES_MAX)
    }

    /// Whether an accepted event below which there is a gap follows this one, which has come only now.
    pub(super) fn is_below_an_edge(&mut self, event: EventSid) -> Result<bool, Error> {
        let edges = self.edges()?;
        Ok(edges.open.values().any(|edge| edge.accepted && edge.prev.contains(&event)))
    }

    /// The state before an edge that follows this event and nothing else.
    pub(crate) fn state_above(&mut self, event: EventSid) -> Result<Option<StateRoot>, Error> {
        let edges = self.edges()?;
        let above = edges.open.iter().find(|(_, edge)| edge.prev == [event]).map(|(above, _)| *above);
        let Some(above) = above else { return Ok(None) };
        Ok(self.meta(above)?.place.map(|place| place.state_before))
    }

    /// Opens an edge at an event that has got its place, if it follows something without one; closes those that
    /// waited for it.
    pub(super) fn move_edges(&mut self, event: EventSid) -> Result<(), Error> {
        let meta = self.meta(event)?;
        let above: Vec<EventSid> = {
            let open = &self.edges()?.open;
            open.iter().filter(|(_, edge)| edge.prev.contains(&event)).map(|(sid, _)| *sid).collect()
        };
        for edge in above {
            let prev = self.edges()?.open.get(&edge).map(|edge| edge.prev.clone()).unwrap_or_default();
            if self.have_places(&prev)? {
                self.edges()?.open.remove(&edge);
            }
        }
        if !self.have_places(&meta.prev)? {
            let accepted = meta.verdict == Verdict::Accepted;
            let edge = Edge { depth: meta.depth, accepted, prev: meta.prev };
            self.edges()?.open.insert(event, edge);
        }
        Ok(())
    }

    pub(super) fn write_edges(&self, txn: &mut Txn) {
        let Some(edges) = &self.edges else { return };
        let room = self.room.sid;
        let open: BTreeSet<(u64, EventSid)> =
            edges.open.iter().map(|(event, edge)| (edge.depth, *event)).collect();
        for (depth, event) in edges.stored.difference(&open) {
            BACKWARD_EDGES.delete(&mut txn.batch, &(room, *depth, *event));
        }
        for (depth, event) in open.difference(&edges.stored) {
            BACKWARD_EDGES.put(&mut txn.batch, &(room, *depth, *event), &());
        }
    }

    fn have_places(&self, events: &[EventSid]) -> Result<bool, Error> {
        for event in events {
            if self.find_meta(*event)?.is_none_or(|meta| meta.place.is_none()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The edges, read when first asked for.
    fn edges(&mut self) -> Result<&mut Edges, Error> {
        if self.edges.is_none() {
            let mut edges = Edges::default();
            let engine = self.rooms.store.engine();
            for row in BACKWARD_EDGES.scan(engine, &self.room.sid, Direction::Forward) {
                let ((_, depth, event), ()) = row?;
                let meta = self.meta(event)?;
                let accepted = meta.verdict == Verdict::Accepted;
                edges.open.insert(event, Edge { depth, accepted, prev: meta.prev });
                edges.stored.insert((depth, event));
            }
            self.edges = Some(edges);
        }
        Ok(self.edges.get_or_insert_default())
    }
}
