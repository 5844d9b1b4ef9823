//! Filling gaps in a room's history: what lies below its backward edges is asked of servers in the room and given
//! places in the order of the conversation. Nobody is told of it; whoever pages back finds it.
//! <https://spec.matrix.org/v1.19/server-server-api/#backfilling-and-retrieving-missing-events>

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use kith_event::VerifiedPdu;
use kith_store::{
    Direction, Error, EventSid,
    tables::{
        edges::BACKWARD_EDGES,
        events::{EVENT_META, get_meta},
    },
};
use parking_lot::Mutex;
use ruma::{OwnedEventId, OwnedServerName, RoomId, ServerName};

use super::{
    ReceiveError,
    asking::EVENTS_IN_ANSWER_MAX,
    fetching::Fetching,
    history::{HISTORY_AT_ONCE, StateFrom},
};
use crate::{Rooms, ingest::order, room::Room};

/// How many events are asked for at least: who pages back does so again.
const EVENTS_ASKED_MIN: usize = 50;
/// How many edges are looked at for some that are worth asking about.
const EDGES_LOOKED_AT_MAX: usize = 100;
/// Below how many edges history is asked for at once.
const EDGES_AT_ONCE: usize = 5;
/// How many events are named as those from which history is wanted.
const FROM_EVENTS_MAX: usize = 20;
/// How long an edge is left alone below which nobody had anything, in milliseconds.
const EDGE_RETRY_MS: u64 = 600_000;
/// How many such edges are remembered.
const TRIED_EDGES_MAX: usize = 10_000;

/// Edges below which nobody had anything lately, with the time from which they may be asked about again.
#[derive(Default)]
pub(crate) struct TriedEdges(Mutex<HashMap<EventSid, u64>>);

impl TriedEdges {
    fn is_tried(&self, edge: EventSid, now_ms: u64) -> bool {
        self.0.lock().get(&edge).is_some_and(|retry_ms| *retry_ms > now_ms)
    }

    fn note(&self, edges: &[EventSid], now_ms: u64) {
        let mut tried = self.0.lock();
        if tried.len() + edges.len() > TRIED_EDGES_MAX {
            tried.retain(|_, retry_ms| *retry_ms > now_ms);
        }
        if tried.len() + edges.len() <= TRIED_EDGES_MAX {
            tried.extend(edges.iter().map(|edge| (*edge, now_ms + EDGE_RETRY_MS)));
        }
    }
}

/// What is to be asked for.
struct Wanted {
    room: Room,
    edges: Vec<EventSid>,
    /// What the edges follow and is missing.
    from: Vec<OwnedEventId>,
    servers: Vec<OwnedServerName>,
}

impl Rooms {
    /// Fetches history of a room that is missing at this depth or below, next to it first. Gives the number of events
    /// that got a place; none if there is no gap, or nobody had anything.
    pub async fn backfill(
        self: &Arc<Self>,
        room_id: &RoomId,
        depth: u64,
        limit: usize,
    ) -> Result<usize, ReceiveError> {
        let (rooms, id) = (Arc::clone(self), room_id.to_owned());
        let sid = self.tasks.blocking(move || Ok::<_, Error>(rooms.room(&id)?.map(|room| room.sid)));
        let sid = sid.await?.ok_or(ReceiveError::UnknownRoom)?;
        let turn = self.receiving.backfill_turns.take(sid).await;
        let _turn = turn.map_err(|_| ReceiveError::Busy)?;
        // Looked at only now: whoever had the turn before may have filled the gap.
        let rooms = Arc::clone(self);
        let wanted = self.tasks.blocking(move || rooms.history_wanted(sid, depth)).await?;
        if wanted.from.is_empty() {
            return Ok(0);
        }
        let limit = limit.clamp(EVENTS_ASKED_MIN, EVENTS_IN_ANSWER_MAX);
        let mut placed = 0;
        for server in &wanted.servers {
            let fetching = Fetching::new(self, wanted.room.clone(), server);
            match fetching.ask_history(wanted.from.clone(), limit).await {
                Ok(events) => placed += Box::pin(fetching.fill(events, &wanted.from)).await?,
                Err(error) => tracing::debug!(%server, %error, "history cannot be had"),
            }
            if placed > 0 {
                break;
            }
        }
        metrics::counter!("kith_rooms_backfilled_total").increment(placed as u64);
        let rooms = Arc::clone(self);
        self.tasks.blocking(move || rooms.note_tried(&wanted)).await?;
        Ok(placed)
    }

    /// Fetches one event of a room's past, and gives it its place: on the state that the server says it stands on.
    pub(crate) async fn fetch_into_history(
        self: &Arc<Self>,
        room: Room,
        server: &ServerName,
        event_id: OwnedEventId,
    ) -> Result<(), ReceiveError> {
        let turn = self.receiving.backfill_turns.take(room.sid).await;
        let _turn = turn.map_err(|_| ReceiveError::Busy)?;
        Fetching::new(self, room, server).place_edge(event_id).await
    }

    fn history_wanted(&self, room: kith_store::RoomSid, depth: u64) -> Result<Wanted, Error> {
        let room = self.room_of(room)?;
        let (engine, now_ms) = (self.store.engine(), self.clock.now_ms());
        let (mut edges, mut from) = (Vec::new(), Vec::new());
        let (start, end) = ((room.sid, 0_u64), (room.sid, depth.saturating_add(1)));
        let rows = BACKWARD_EDGES.range(engine, &start, &end, Direction::Backward);
        for row in rows.take(EDGES_LOOKED_AT_MAX) {
            let ((_, _, edge), ()) = row?;
            if self.receiving.tried_edges.is_tried(edge, now_ms) {
                continue;
            }
            for prev in self.prev_without_place(edge)? {
                let prev = self.store.ids().event_id(prev)?;
                if from.len() < FROM_EVENTS_MAX && !from.contains(&prev) {
                    from.push(prev);
                }
            }
            edges.push(edge);
            if edges.len() == EDGES_AT_ONCE {
                break;
            }
        }
        let servers = if from.is_empty() { Vec::new() } else { self.servers_to_ask(&room)? };
        Ok(Wanted { room, edges, from, servers })
    }

    /// Remembers the edges below which nothing has come.
    fn note_tried(&self, wanted: &Wanted) -> Result<(), Error> {
        let mut unchanged = Vec::new();
        for edge in &wanted.edges {
            let left = self.prev_without_place(*edge)?;
            if !left.is_empty() {
                unchanged.push(*edge);
            }
        }
        self.receiving.tried_edges.note(&unchanged, self.clock.now_ms());
        Ok(())
    }

    fn prev_without_place(&self, event: EventSid) -> Result<Vec<EventSid>, Error> {
        let prev = get_meta(self.store.engine(), event)?.prev;
        let metas = EVENT_META.get_many(self.store.engine(), &prev)?;
        let missing = prev.into_iter().zip(metas);
        let missing = missing.filter(|(_, meta)| meta.as_ref().is_none_or(|meta| meta.place.is_none()));
        Ok(missing.map(|(prev, _)| prev).collect())
    }
}

impl Fetching<'_> {
    /// Gives fetched history its places; gives the number of events that got one.
    async fn fill(&self, events: Vec<VerifiedPdu>, from: &[OwnedEventId]) -> Result<usize, ReceiveError> {
        let mut oldest_first =
            order::sorted(connected(events, from), VerifiedPdu::pdu, |pdu| pdu.prev_events());
        let (mut count, mut last) = (0, None);
        // As long as nothing is state, and one event follows the other, the state above is the state below. Many at
        // once, because each write moves the edge, and leaves something behind that is in the way of the next.
        while !oldest_first.is_empty() {
            let run: Vec<VerifiedPdu> = oldest_first.iter().rev().take(HISTORY_AT_ONCE).cloned().collect();
            let (length, room) = (run.len(), self.room.clone());
            let (settled, committed) = self.on_store(move |rooms| rooms.place_run(&room, run)).await?;
            count += settled;
            last = committed.or(last);
            oldest_first.truncate(oldest_first.len() - settled);
            if settled == length {
                continue;
            }
            let Some(event) = oldest_first.pop() else { break };
            match self.place(event.clone(), StateFrom::Room).await {
                Ok(committed) => {
                    count += 1;
                    last = committed.or(last);
                }
                Err(ReceiveError::Missing) => {
                    oldest_first.push(event);
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        for event in oldest_first {
            let placed = match self.place(event.clone(), StateFrom::Room).await {
                Err(ReceiveError::Missing) => self.place_on_its_state(event).await,
                outcome => outcome,
            };
            match placed {
                Ok(committed) => {
                    count += 1;
                    last = committed.or(last);
                }
                Err(ReceiveError::Missing) => {}
                Err(error) => return Err(error),
            }
        }
        if let Some(committed) = last {
            self.rooms.tasks.blocking(move || committed.wait_durable()).await?;
        }
        Ok(count)
    }
}

/// Those of the events that were asked for, and what they follow, as far as it came along.
fn connected(events: Vec<VerifiedPdu>, from: &[OwnedEventId]) -> Vec<VerifiedPdu> {
    let by_id: HashMap<&OwnedEventId, &VerifiedPdu> =
        events.iter().map(|event| (event.pdu().event_id(), event)).collect();
    let mut wanted: Vec<&OwnedEventId> = from.iter().collect();
    let mut reached: HashSet<OwnedEventId> = HashSet::new();
    while let Some(event_id) = wanted.pop() {
        if let Some(event) = by_id.get(event_id)
            && reached.insert(event_id.clone())
        {
            wanted.extend(event.pdu().prev_events());
        }
    }
    events.into_iter().filter(|event| reached.contains(event.pdu().event_id())).collect()
}
