//! Fetching the rest of a room's state, for as long as it takes: from the server that let this one in, then from
//! others.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1state_idsroomid>

use std::{
    collections::hash_map::Entry,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures_util::FutureExt;
use kith_store::{
    Direction, Error, RoomSid,
    tables::{
        counters,
        partial::{PARTIAL_ROOMS, PartialRoom, find_partial},
    },
};
use ruma::{EventId, OwnedEventId, OwnedServerName};

use super::{
    Running,
    completion::{Completion, GivenStates},
};
use crate::{Rooms, receive::Fetching, room::Room, write_error::WriteError};

/// How long is waited after the first attempt that failed, in milliseconds; the time doubles with each further one.
const RETRY_MS_MIN: u64 = 5_000;
/// How long is waited at most, in milliseconds.
const RETRY_MS_MAX: u64 = 600_000;
/// How many servers are asked in one attempt, beside the one that let this one in: others with each attempt.
const SERVERS_ASKED_MAX: usize = 4;
/// How often a room is found to want further states, within one attempt.
const ROUNDS_MAX: usize = 10;
/// Before how many events the state is asked for, within one attempt, beside the join. Those beyond stand on the state
/// before the join.
const STATES_ASKED_MAX: usize = 50;

/// Why the rest of a state has not come.
#[derive(Debug, thiserror::Error)]
enum ResyncError {
    #[error(transparent)]
    Store(#[from] Error),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error("no server gave the whole state")]
    NoState,
    /// The servers that are said to be in the room are not told yet that nobody of this one is.
    #[error("that everybody has left is still being told")]
    Leaving,
}

/// What is to be fetched.
struct Wanted {
    room: Room,
    join: OwnedEventId,
    servers: Vec<OwnedServerName>,
}

impl Rooms {
    /// Goes on with the rooms whose state had not come when the server stopped.
    pub fn resume_resyncs(self: &Arc<Self>) {
        let rooms = Arc::clone(self);
        self.tasks.spawn("partial rooms", async move {
            let reader = Arc::clone(&rooms);
            match rooms.tasks.blocking(move || reader.partial_rooms()).await {
                Ok(partial) => partial.into_iter().for_each(|room| rooms.start_resync(room)),
                Err(error) => tracing::error!(%error, "rooms whose members are missing cannot be read"),
            }
        });
    }

    /// Fetches the rest of a room's state in the background, unless that goes on already.
    pub(crate) fn start_resync(self: &Arc<Self>, room: RoomSid) {
        let running = Arc::new(Running::default());
        match self.resyncs.running.lock().entry(room) {
            Entry::Occupied(known) => {
                // It waits for its next attempt, be it for an earlier join that came to nothing.
                known.get().has_failed.store(false, Ordering::Relaxed);
                return known.get().again.notify_one();
            }
            Entry::Vacant(vacant) => vacant.insert(Arc::clone(&running)),
        };
        let rooms = Arc::clone(self);
        self.tasks.spawn("resync", async move {
            rooms.resync(room, &running).await;
            rooms.resyncs.running.lock().remove(&room);
            // Whoever joined just as it ended counted on it.
            if running.again.notified().now_or_never().is_some() {
                rooms.start_resync(room);
            }
        });
    }

    /// Waits until the rest of a room's state turns out to take more than one attempt.
    pub(crate) async fn resync_stalls(&self, room: RoomSid) {
        let mut moved = self.resyncs.moved.subscribe();
        loop {
            let has_failed = match self.resyncs.running.lock().get(&room) {
                Some(running) => running.has_failed.load(Ordering::Relaxed),
                None => true,
            };
            if has_failed || moved.changed().await.is_err() {
                return;
            }
        }
    }

    fn partial_rooms(&self) -> Result<Vec<RoomSid>, Error> {
        let rows = PARTIAL_ROOMS.scan(self.store.engine(), &(), Direction::Forward);
        let mut rooms = Vec::new();
        for row in rows {
            let (room, partial): (RoomSid, PartialRoom) = row?;
            if partial.completed.is_none() {
                rooms.push(room);
            }
        }
        Ok(rooms)
    }

    async fn resync(self: &Arc<Self>, room: RoomSid, running: &Running) {
        let stopping = self.tasks.stopping();
        let mut retry_ms = RETRY_MS_MIN;
        for attempt in 0_usize.. {
            let outcome = tokio::select! {
                outcome = self.try_resync(room, attempt) => outcome,
                () = stopping.cancelled() => return,
            };
            let Err(error) = outcome else { return };
            running.has_failed.store(true, Ordering::Relaxed);
            self.note_moved();
            tracing::info!(room = room.0, %error, retry_ms, "the members of a room have not come yet");
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(retry_ms)) => {
                    retry_ms = (retry_ms * 2).min(RETRY_MS_MAX);
                }
                () = running.again.notified() => retry_ms = RETRY_MS_MIN,
                () = stopping.cancelled() => return,
            }
        }
    }

    /// One attempt, with the server that let this one in and some of the others.
    async fn try_resync(self: &Arc<Self>, room: RoomSid, attempt: usize) -> Result<(), ResyncError> {
        let rooms = Arc::clone(self);
        let Some(wanted) = self.tasks.blocking(move || rooms.resync_wanted(room, attempt)).await? else {
            return Ok(());
        };
        let mut failure = ResyncError::NoState;
        for server in &wanted.servers {
            // One slow server does not hold up other rooms for longer than it is asked.
            let _turn = self.resyncs.turns.acquire().await;
            match Box::pin(self.resync_from(server, &wanted)).await {
                Ok(()) => return Ok(()),
                Err(error) => {
                    let room_id = &wanted.room.id;
                    tracing::debug!(%room_id, %server, %error, "a server did not complete a room");
                    failure = error;
                }
            }
        }
        Err(failure)
    }

    fn resync_wanted(&self, room: RoomSid, attempt: usize) -> Result<Option<Wanted>, ResyncError> {
        let Some(partial) = find_partial(self.store.engine(), room)? else { return Ok(None) };
        let room = self.room_of(room)?;
        if !self.takes_part(&room)? {
            // Whom the leaving is told is known by this room's rows.
            if counters::delivered(self.store.engine())? < self.heads(room.sid)?.position {
                return Err(ResyncError::Leaving);
            }
            self.abandon_partial(room.sid)?;
            return Ok(None);
        }
        let via = self.store.ids().server_name(partial.via)?;
        let mut others = self.ranked_servers(&room)?;
        others.retain(|server| *server != via);
        let skipped = attempt.saturating_mul(SERVERS_ASKED_MAX) % others.len().max(1);
        others.rotate_left(skipped);
        let servers = [via].into_iter().chain(others.into_iter().take(SERVERS_ASKED_MAX)).collect();
        Ok(Some(Wanted { join: self.store.ids().event_id(partial.join)?, room, servers }))
    }

    async fn resync_from(
        self: &Arc<Self>,
        server: &OwnedServerName,
        wanted: &Wanted,
    ) -> Result<(), ResyncError> {
        let before_join = self.fetch_state_of(server, wanted, &wanted.join).await?;
        let mut given = GivenStates::from([(wanted.join.clone(), Arc::clone(&before_join))]);
        for _ in 0..ROUNDS_MAX {
            let (rooms, room, join) = (Arc::clone(self), wanted.room.clone(), wanted.join.clone());
            let states = given.clone();
            match self.tasks.blocking(move || rooms.complete_room(&room, &join, &states)).await? {
                Completion::Done => return Ok(()),
                Completion::Overtaken => return Err(ResyncError::NoState),
                Completion::Wanting(events) => {
                    for event in events {
                        let asked = given.len() <= STATES_ASKED_MAX;
                        let state =
                            if asked { self.find_state_of(server, wanted, &event).await } else { None };
                        given.insert(event, state.unwrap_or_else(|| Arc::clone(&before_join)));
                    }
                }
            }
        }
        Err(ResyncError::NoState)
    }

    /// The state before an event that follows something which is not here, from whoever sent it or from the server
    /// that is asked anyway.
    async fn find_state_of(
        self: &Arc<Self>,
        server: &OwnedServerName,
        wanted: &Wanted,
        event_id: &EventId,
    ) -> Option<Arc<[OwnedEventId]>> {
        let (rooms, id) = (Arc::clone(self), event_id.to_owned());
        let sender = self.tasks.blocking(move || rooms.find_event(&id)).await.ok().flatten();
        let sender = sender.map(|(_, pdu)| pdu.sender().server_name().to_owned());
        let sender = sender.filter(|sender| *sender != self.server_name && sender != server);
        for server in sender.iter().chain([server]) {
            match self.fetch_state_of(server, wanted, event_id).await {
                Ok(state) => return Some(state),
                Err(error) => tracing::debug!(%event_id, %server, %error, "a state cannot be had"),
            }
        }
        None
    }

    async fn fetch_state_of(
        self: &Arc<Self>,
        server: &OwnedServerName,
        wanted: &Wanted,
        event_id: &EventId,
    ) -> Result<Arc<[OwnedEventId]>, ResyncError> {
        let fetching = Fetching::patient(self, wanted.room.clone(), server);
        let state = fetching.fetch_whole_state(event_id).await;
        Ok(state.map_err(|_| ResyncError::NoState)?.into())
    }
}
