//! Fetching what an event builds on and this server has not: first what lies between it and the room's newest events,
//! then, where that does not reach, the state of the room at the edge of what could be had; and whatever authorises
//! any of it.
//!
//! Everything here is asked of the one server that sent the event: it has to know. How much that server can have this
//! one do is bounded by the constants below and in `asking.rs`.

use std::{
    collections::BTreeSet,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use kith_event::VerifiedPdu;
use kith_store::Committed;
use ruma::{EventId, OwnedEventId, OwnedServerName, ServerName};

use super::{ReceiveError, asking::StateIds, history::StateFrom};
use crate::{
    Rooms,
    ingest::{IngestError, Ingested, Missing, order},
    room::Room,
};

/// How many events between the newest ones and a new one are asked for.
pub(super) const MISSING_EVENTS_MAX: usize = 50;
/// How far below the deepest of the room's newest events a missing one may lie.
const MISSING_DEPTH_MAX: u64 = 10_000;
/// How often one event is tried again after something was fetched for it.
const ROUNDS_MAX: usize = 3;
/// At how many points the room's state is asked for, for one event from outside.
const STATES_ASKED_MAX: usize = 10;
/// How many rounds of single events are asked for, each authorising the last.
const AUTH_ROUNDS_MAX: usize = 20;
/// How many events are asked for one by one, for one event from outside.
const SINGLE_EVENTS_MAX: usize = 500;
/// Where no more than this many events of a state are missing, they are asked for one by one.
const STATE_EVENTS_SINGLY_MAX: usize = 50;
/// How many events are stored without a place in one go, so that the room is not held up.
const OUTLIERS_AT_ONCE: usize = 1_000;
/// How long all the fetching for one event may take, in milliseconds.
const FETCH_MS_MAX: u64 = 300_000;

/// What is being fetched of one server for one room.
pub(super) struct Fetching<'a> {
    pub(super) rooms: &'a Arc<Rooms>,
    pub(super) room: Room,
    pub(super) server: OwnedServerName,
    states_asked: AtomicUsize,
    single_events_asked: AtomicUsize,
}

impl<'a> Fetching<'a> {
    pub(super) fn new(rooms: &'a Arc<Rooms>, room: Room, server: &ServerName) -> Self {
        Self {
            rooms,
            room,
            server: server.to_owned(),
            states_asked: AtomicUsize::new(0),
            single_events_asked: AtomicUsize::new(0),
        }
    }

    /// Takes in an event, with whatever it builds on.
    pub(super) async fn take_in(&self, event: VerifiedPdu) -> Result<Ingested, ReceiveError> {
        match self.ingest(event.clone()).await {
            Err(IngestError::Missing(_)) => {}
            outcome => return Ok(outcome?),
        }
        let turn = self.rooms.receiving.fetch_turns.take(self.room.sid).await;
        let _turn = turn.map_err(|_| ReceiveError::Busy)?;
        // Whoever had the turn before may have fetched just this.
        match self.ingest(event.clone()).await {
            Err(IngestError::Missing(missing)) => {
                let fetching = Box::pin(self.fetch(event, missing));
                let deadline = Duration::from_millis(FETCH_MS_MAX);
                tokio::time::timeout(deadline, fetching).await.map_err(|_| ReceiveError::Missing)?
            }
            outcome => Ok(outcome?),
        }
    }

    async fn fetch(&self, event: VerifiedPdu, missing: Missing) -> Result<Ingested, ReceiveError> {
        let mut events = if missing.prev.is_empty() { Vec::new() } else { self.missing_events(&event).await };
        let wanted = event.pdu().event_id().clone();
        events.push(event);
        let mut ingested = Err(ReceiveError::Missing);
        for event in order::sorted(events, VerifiedPdu::pdu, |pdu| pdu.prev_events()) {
            let event_id = event.pdu().event_id().clone();
            let outcome = self.settle(event).await;
            if let Err(error) = &outcome {
                tracing::debug!(%event_id, server = %self.server, %error, "an event is not taken in");
            }
            if event_id == wanted {
                ingested = outcome;
            }
        }
        ingested
    }

    /// The events between the room's newest and this one, as far as the server gives them.
    async fn missing_events(&self, event: &VerifiedPdu) -> Vec<VerifiedPdu> {
        let (rooms, room) = (Arc::clone(self.rooms), self.room.sid);
        let newest = self.rooms.tasks.blocking(move || {
            let heads = rooms.heads(room)?;
            let ids = heads.extremities.iter().map(|event| rooms.store.ids().event_id(*event));
            Ok::<_, kith_store::Error>((ids.collect::<Result<Vec<_>, _>>()?, heads.depth))
        });
        let Ok((earliest, depth)) = newest.await else { return Vec::new() };
        let min_depth = depth.saturating_sub(MISSING_DEPTH_MAX);
        let latest = event.pdu().event_id().clone();
        match self.ask_missing_events(latest, earliest, min_depth).await {
            Ok(events) => events,
            Err(error) => {
                tracing::debug!(server = %self.server, %error, "missing events cannot be had");
                Vec::new()
            }
        }
    }

    /// Takes in an event of which all that could be had between it and the room is there already. Where something is
    /// still missing, the room's state at that point is asked for.
    async fn settle(&self, event: VerifiedPdu) -> Result<Ingested, ReceiveError> {
        for _ in 0..ROUNDS_MAX {
            let missing = match self.ingest(event.clone()).await {
                Err(IngestError::Missing(missing)) => missing,
                outcome => return Ok(outcome?),
            };
            if !missing.auth.is_empty() {
                self.fetch_auth(event.pdu().event_id(), missing.auth).await?;
            }
            for prev in missing.prev {
                self.place_edge(prev).await?;
            }
        }
        Err(ReceiveError::Missing)
    }

    /// Gives an event a place although what it follows is not here: on the state that the server says it stands on.
    pub(super) async fn place_edge(&self, event_id: OwnedEventId) -> Result<(), ReceiveError> {
        let event = match self.find_verified(event_id.clone()).await? {
            Some(event) => event,
            None => self.single_events(vec![event_id]).await.pop().ok_or(ReceiveError::Missing)?,
        };
        if let Some(committed) = self.place_on_its_state(event).await? {
            let durable = self.rooms.tasks.blocking(move || committed.wait_durable());
            durable.await?;
        }
        Ok(())
    }

    /// Gives a piece of history its place, on the state before it as the server tells it.
    pub(super) async fn place_on_its_state(
        &self,
        event: VerifiedPdu,
    ) -> Result<Option<Committed>, ReceiveError> {
        let state = self.fetch_state(event.pdu().event_id()).await?;
        self.place(event, StateFrom::Server(state.into())).await
    }

    /// Gives a piece of history its place, with whatever authorises it.
    pub(super) async fn place(
        &self,
        event: VerifiedPdu,
        state: StateFrom,
    ) -> Result<Option<Committed>, ReceiveError> {
        for _ in 0..ROUNDS_MAX {
            let (event_again, state) = (event.clone(), state.clone());
            let room = self.room.clone();
            let placed = self.on_store(move |rooms| rooms.place_history(&room, event_again, &state)).await;
            match placed {
                Err(IngestError::Missing(missing)) if !missing.auth.is_empty() => {
                    self.fetch_auth(event.pdu().event_id(), missing.auth).await?;
                }
                outcome => return Ok(outcome?),
            }
        }
        Err(ReceiveError::Missing)
    }

    /// Fetches the state before an event, so that its events are stored; gives their ids.
    async fn fetch_state(&self, event_id: &EventId) -> Result<Vec<OwnedEventId>, ReceiveError> {
        if self.states_asked.fetch_add(1, Ordering::Relaxed) >= STATES_ASKED_MAX {
            return Err(ReceiveError::Missing);
        }
        let ids = self.ask_state_ids(event_id.to_owned()).await.map_err(|error| {
            tracing::debug!(%event_id, server = %self.server, %error, "a state cannot be had");
            ReceiveError::Missing
        })?;
        let StateIds { state, auth_chain } = ids;
        let all: BTreeSet<OwnedEventId> = state.iter().chain(&auth_chain).cloned().collect();
        let missing = self.not_stored(all).await?;
        if missing.is_empty() {
            return Ok(state);
        }
        let events = if missing.len() <= STATE_EVENTS_SINGLY_MAX {
            self.single_events(missing.clone()).await
        } else {
            self.ask_state(event_id.to_owned()).await.unwrap_or_default()
        };
        self.store_outliers(events).await?;
        let left = self.not_stored(missing.into_iter().collect()).await?;
        if !left.is_empty() {
            // What is missing of the state is found by resolving it with what is known, as far as others have it.
            tracing::warn!(%event_id, server = %self.server, count = left.len(), "a state came incomplete");
        }
        Ok(state)
    }

    /// Fetches what authorises an event: the whole chain at once, or else one event after the other.
    pub(super) async fn fetch_auth(
        &self,
        event_id: &EventId,
        missing: Vec<OwnedEventId>,
    ) -> Result<(), ReceiveError> {
        match self.ask_auth_chain(event_id.to_owned()).await {
            Ok(events) => self.store_outliers(events).await?,
            Err(error) => {
                tracing::debug!(%event_id, server = %self.server, %error, "an auth chain cannot be had");
            }
        }
        let mut wanted = self.not_stored(missing.into_iter().collect()).await?;
        let mut fetched: Vec<VerifiedPdu> = Vec::new();
        let mut asked: BTreeSet<OwnedEventId> = BTreeSet::new();
        for _ in 0..AUTH_ROUNDS_MAX {
            if wanted.is_empty() {
                break;
            }
            asked.extend(wanted.iter().cloned());
            let events = self.single_events(wanted).await;
            let below = events.iter().flat_map(|event| event.pdu().auth_events()).cloned();
            let below: BTreeSet<OwnedEventId> = below.filter(|event_id| !asked.contains(event_id)).collect();
            fetched.extend(events);
            wanted = self.not_stored(below).await?;
        }
        self.store_outliers(fetched).await
    }

    /// Single events, as far as this server may still be made to ask for them.
    async fn single_events(&self, mut event_ids: Vec<OwnedEventId>) -> Vec<VerifiedPdu> {
        let asked = self.single_events_asked.fetch_add(event_ids.len(), Ordering::Relaxed);
        event_ids.truncate(SINGLE_EVENTS_MAX.saturating_sub(asked));
        self.ask_events(event_ids).await
    }

    async fn ingest(&self, event: VerifiedPdu) -> Result<Ingested, IngestError> {
        let again = event.clone();
        match self.on_store(move |rooms| rooms.ingest_or_ask(event)).await {
            Err(IngestError::Unsigned(via)) => {
                let event = self.rooms.with_policy_signature(again, &via).await;
                self.on_store(move |rooms| rooms.ingest(event)).await
            }
            outcome => outcome,
        }
    }

    /// Stores events without a place, those first that authorise others.
    async fn store_outliers(&self, events: Vec<VerifiedPdu>) -> Result<(), ReceiveError> {
        let mut events = order::sorted(events, VerifiedPdu::pdu, |pdu| pdu.auth_events());
        while !events.is_empty() {
            let rest = events.split_off(events.len().min(OUTLIERS_AT_ONCE));
            let (batch, room) = (std::mem::replace(&mut events, rest), self.room.clone());
            self.on_store(move |rooms| rooms.store_outliers(&room, batch)).await?;
        }
        Ok(())
    }

    /// Those of the events that are not stored, be it without a place.
    async fn not_stored(&self, event_ids: BTreeSet<OwnedEventId>) -> Result<Vec<OwnedEventId>, ReceiveError> {
        let missing = self.on_store(move |rooms| {
            let mut missing = Vec::new();
            for event_id in event_ids {
                if rooms.find_stored(&event_id)?.is_none() {
                    missing.push(event_id);
                }
            }
            Ok::<_, kith_store::Error>(missing)
        });
        Ok(missing.await?)
    }

    /// An event that is stored without a place.
    async fn find_verified(&self, event_id: OwnedEventId) -> Result<Option<VerifiedPdu>, ReceiveError> {
        let (room, found) = (self.room.id.clone(), self.on_store(move |rooms| rooms.find_event(&event_id)));
        let found = found.await?.map(|(_, pdu)| pdu).filter(|pdu| *pdu.room_id() == room);
        Ok(found.map(|pdu| VerifiedPdu::of_stored(pdu.with_rejected(false))))
    }

    pub(super) fn on_store<R: Send + 'static>(
        &self,
        work: impl FnOnce(Arc<Rooms>) -> R + Send + 'static,
    ) -> impl Future<Output = R> {
        let rooms = Arc::clone(self.rooms);
        self.rooms.tasks.blocking(move || work(rooms))
    }
}
