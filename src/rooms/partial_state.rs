//! Rooms of which this server knows a part of the state: joined without the list of their members, which comes in the
//! background.
//!
//! Until it has come (`resync.rs`), events are judged by what is known together with what they name as their authority
//! (`belief.rs`), and whatever needs the members waits. When it has, everything that happened meanwhile is judged anew
//! (`completion.rs`), in one commit. `partial_rooms` says which rooms these are, across restarts.
//! <https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv2send_joinroomideventid>

pub(crate) mod belief;
mod completion;
mod resync;

use std::{
    collections::HashMap,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use kith_store::{
    Direction, Error, RoomSid, Txn,
    tables::{
        events::EVENT_META,
        members::{ROOM_SERVERS, SERVER_ROOMS},
        partial::{PARTIAL_EVENTS, PARTIAL_ROOMS, PartialRoom, find_partial},
    },
};
use parking_lot::Mutex;
use ruma::{OwnedServerName, RoomId, UserId};
use tokio::sync::{Notify, Semaphore, watch};

use crate::{ReadError, Rooms};

/// How many servers a room may be said to have. Further ones hear of what is sent from here from others.
const SERVERS_SAID_MAX: usize = 50_000;
/// How many of them are looked at to tell a small room from a large one.
const SERVERS_COUNTED_MAX: usize = 100;
/// How long somebody waits who needs a room's members, in milliseconds.
const MEMBERS_WAIT_MS: u64 = 60_000;
/// For how many rooms the rest of the state is fetched at the same time.
const RESYNCS_MAX: usize = 4;

/// What came with a join instead of the members.
#[derive(Clone, Debug)]
pub struct PartOfState {
    /// The server that let this one in.
    pub via: OwnedServerName,
    /// The servers that it says are in the room.
    pub servers: Vec<OwnedServerName>,
}

/// Rooms of which the rest of the state is being fetched.
pub(crate) struct Resyncs {
    running: Mutex<HashMap<RoomSid, Arc<Running>>>,
    turns: Semaphore,
    /// Changes whenever a room is no longer partial, or an attempt at it has failed.
    moved: watch::Sender<u64>,
}

/// One of them.
#[derive(Default)]
struct Running {
    /// Ends the waiting between attempts.
    again: Notify,
    /// An attempt has failed.
    has_failed: AtomicBool,
}

impl Default for Resyncs {
    fn default() -> Self {
        Self {
            running: Mutex::default(),
            turns: Semaphore::new(RESYNCS_MAX),
            moved: watch::Sender::default(),
        }
    }
}

impl Rooms {
    /// Whether most members of a room may not be known.
    pub fn is_partial(&self, room: RoomSid) -> Result<bool, Error> {
        Ok(find_partial(self.store.engine(), room)?.is_some())
    }

    /// How many servers are said to be in a room of whose users none is known yet; not counted to the end.
    pub fn servers_only_said(&self, room: RoomSid) -> Result<u64, Error> {
        if !self.is_partial(room)? {
            return Ok(0);
        }
        let mut said = 0;
        for row in ROOM_SERVERS.scan(self.store.engine(), &room, Direction::Forward).take(SERVERS_COUNTED_MAX)
        {
            said += u64::from(row?.1 == 0);
        }
        Ok(said)
    }

    /// Waits until a room's members are known; no longer than a moment where they are, where the room is not, and
    /// where nobody of this server is in it, so that nobody would tell them.
    pub async fn await_members(self: &Arc<Self>, room_id: &RoomId) -> Result<(), ReadError> {
        let (rooms, id) = (Arc::clone(self), room_id.to_owned());
        let work = move || {
            let Some(room) = rooms.room(&id)? else { return Ok(None) };
            Ok::<_, Error>(rooms.is_resident(room.sid)?.then_some(room.sid))
        };
        let Some(room) = self.tasks.blocking(work).await? else { return Ok(()) };
        match self.is_whole_within(room, Duration::from_millis(MEMBERS_WAIT_MS)).await? {
            true => Ok(()),
            false => Err(ReadError::Incomplete),
        }
    }

    /// The same for what is done to one member: this server knows its own users, and if it takes too long, what is
    /// known has to do.
    pub async fn await_member(self: &Arc<Self>, room_id: &RoomId, user: &UserId) -> Result<(), Error> {
        if self.is_local(user) {
            return Ok(());
        }
        match self.await_members(room_id).await {
            Err(ReadError::Store(error)) => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Whether the whole state of a room is known before the time is over.
    pub(crate) async fn is_whole_within(
        self: &Arc<Self>,
        room: RoomSid,
        time: Duration,
    ) -> Result<bool, Error> {
        let mut moved = self.resyncs.moved.subscribe();
        let stopping = self.tasks.stopping();
        let time_is_up = tokio::time::sleep(time);
        tokio::pin!(time_is_up);
        loop {
            let rooms = Arc::clone(self);
            if !self.tasks.blocking(move || rooms.is_partial(room)).await? {
                return Ok(true);
            }
            tokio::select! {
                changed = moved.changed() => if changed.is_err() { return Ok(false) },
                () = stopping.cancelled() => return Ok(false),
                () = &mut time_is_up => return Ok(false),
            }
        }
    }

    /// Notes that a room is taken over with a part of its state, and which servers are said to be in it.
    pub(crate) fn begin_partial(
        &self,
        txn: &mut Txn,
        room: RoomSid,
        join: kith_store::EventSid,
        part: &PartOfState,
    ) -> Result<(), Error> {
        let ids = self.store.ids();
        self.forget_partial_events(txn, room)?;
        let own = ids.server(&self.server_name)?;
        let via = ids.server(&part.via)?;
        for server in [&part.via].into_iter().chain(&part.servers).take(SERVERS_SAID_MAX) {
            let server = ids.server(server)?;
            if server != own && !ROOM_SERVERS.contains(self.store.engine(), &(room, server))? {
                ROOM_SERVERS.put(&mut txn.batch, &(room, server), &0);
                SERVER_ROOMS.put(&mut txn.batch, &(server, room), &());
            }
        }
        PARTIAL_ROOMS.put(&mut txn.batch, &room, &PartialRoom { join, via, completed: None });
        Ok(())
    }

    /// Forgets what was to be fetched of a room: its whole state has come with a join.
    pub(crate) fn end_partial(&self, txn: &mut Txn, room: RoomSid) -> Result<(), Error> {
        if self.is_partial(room)? {
            self.forget_partial_events(txn, room)?;
            self.forget_servers_only_said(txn, room)?;
            PARTIAL_ROOMS.delete(&mut txn.batch, &room);
        }
        Ok(())
    }

    /// A room that everybody of this server has left stays as it is known: nobody would tell the rest.
    pub(crate) fn abandon_partial(&self, room: RoomSid) -> Result<(), crate::WriteError> {
        let _lane = self.lanes.enter(room)?;
        // Somebody may have come back meanwhile.
        if !self.is_partial(room)? || self.takes_part(&self.room_of(room)?)? {
            return Ok(());
        }
        let mut txn = self.store.begin();
        self.end_partial(&mut txn, room)?;
        self.store.commit_durably(txn)?;
        self.note_moved();
        Ok(())
    }

    /// Takes the servers out of a room that are there by hearsay.
    pub(crate) fn forget_servers_only_said(&self, txn: &mut Txn, room: RoomSid) -> Result<(), Error> {
        for row in ROOM_SERVERS.scan(self.store.engine(), &room, Direction::Forward) {
            let ((_, server), users) = row?;
            if users == 0 {
                ROOM_SERVERS.delete(&mut txn.batch, &(room, server));
                SERVER_ROOMS.delete(&mut txn.batch, &(server, room));
            }
        }
        Ok(())
    }

    pub(crate) fn forget_partial_events(&self, txn: &mut Txn, room: RoomSid) -> Result<(), Error> {
        for row in PARTIAL_EVENTS.scan(self.store.engine(), &room, Direction::Forward) {
            let (key, ()) = row?;
            PARTIAL_EVENTS.delete(&mut txn.batch, &key);
        }
        Ok(())
    }

    /// Whether all of these events came before this server did, as far as the event says with which it came in: what
    /// is missing there is the room's past, and nothing that was missed.
    pub(crate) fn came_before_us(
        &self,
        room: RoomSid,
        event_ids: &[ruma::OwnedEventId],
    ) -> Result<bool, Error> {
        let Some(partial) = find_partial(self.store.engine(), room)? else { return Ok(false) };
        let Some(join) = EVENT_META.get(self.store.engine(), &partial.join)? else { return Ok(false) };
        for event_id in event_ids {
            let known = self.store.ids().find_event(event_id)?;
            if known.is_none_or(|event| !join.prev.contains(&event)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn note_moved(&self) {
        self.resyncs.moved.send_modify(|count| *count = count.wrapping_add(1));
    }
}
