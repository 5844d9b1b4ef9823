//! Sliding sync: windows into the user's rooms instead of all of them, in the wire format that clients in use speak.
//! <https://github.com/matrix-org/matrix-spec-proposals/pull/4186>
//!
//! `connection.rs` knows what a client has been told, `room_list.rs` keeps the user's rooms in order, `lists.rs` finds
//! those a request asks for, `room.rs` and `extensions.rs` tell what is new of them. The sections themselves are those
//! of `/sync`, in `streams/`.

mod connection;
mod extensions;
mod kept;
mod lists;
pub(crate) mod request;
mod required_state;
pub(crate) mod response;
mod room;
mod room_list;
mod sticky;

use std::{sync::Arc, time::Duration};

use kith_accounts::Requester;
use kith_store::{
    Error, Position,
    tables::sliding::{Step, ToldRoom},
};

use self::{
    connection::{Connection, ConnectionKey, Connections, Pos},
    extensions::Extras,
    lists::Wanted,
    request::{Asked, SlidingRequest},
    required_state::RequiredState,
    response::SlidingResponse,
    room::Telling,
    room_list::{RoomList, RoomLists},
};
use crate::{StateAfter, Sync, SyncFilter, moment::Moment, sent_members, wholeness::Wholeness};

/// The longest that one request waits, in milliseconds.
const TIMEOUT_MS_MAX: u64 = 300_000;
/// How long a connection is kept that nobody uses, in milliseconds.
const UNUSED_MS_MAX: u64 = 30 * 24 * 3_600 * 1_000;

/// What sliding sync keeps ready in memory.
#[derive(Default)]
pub(crate) struct Sliding {
    connections: Connections,
    room_lists: RoomLists,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SlidingError {
    /// The client's token is not one to go on from: it has to start over.
    #[error("this connection is not known any more; start over without `pos`")]
    UnknownPos,
    /// Where the client says it has got its messages is no place that this server gave out.
    #[error("`since` of `to_device` is not a token that this server has given out")]
    UnknownToken,
    /// The request asks for too much.
    #[error("the request has {0}")]
    Excess(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// An answer in the making, and what the connection has to remember of it.
struct Draft {
    response: SlidingResponse,
    step: Step,
    rooms: Vec<(kith_store::RoomSid, ToldRoom)>,
}

impl Sync {
    /// What a sliding-sync connection has missed, now or as soon as there is something.
    pub async fn sliding_sync(
        self: &Arc<Self>,
        requester: &Requester,
        asked: Asked,
    ) -> Result<SlidingResponse, SlidingError> {
        if let Some(excess) = asked.body.excess() {
            return Err(SlidingError::Excess(excess));
        }
        // Registered before the first look, so that nothing falls between looking and waiting.
        let waiter = self.notifier.wait(requester.user);
        let timeout = asked.timeout.min(Duration::from_millis(TIMEOUT_MS_MAX));
        let time_is_up = tokio::time::sleep(timeout);
        tokio::pin!(time_is_up);
        let stopping = self.tasks.stopping();
        let waits = asked.pos.is_some() && !timeout.is_zero();
        let asked = Arc::new(asked);
        loop {
            let (sync, requester, request) = (Arc::clone(self), requester.clone(), Arc::clone(&asked));
            let (response, is_news) =
                self.tasks.blocking(move || sync.sliding_answer(&requester, &request)).await?;
            if is_news || !waits {
                return Ok(response);
            }
            let woken = tokio::select! {
                biased;
                () = stopping.cancelled() => false,
                () = waiter.woken() => true,
                () = &mut time_is_up => false,
            };
            if !woken {
                return Ok(response);
            }
        }
    }

    /// Forgets connections that nobody uses any more.
    pub fn sweep_sliding(&self) -> Result<(), Error> {
        connection::sweep(&self.store, self.clock.now_ms().saturating_sub(UNUSED_MS_MAX))
    }

    /// An answer for this moment, and whether it says anything.
    pub(crate) fn sliding_answer(
        &self,
        requester: &Requester,
        asked: &Asked,
    ) -> Result<(SlidingResponse, bool), SlidingError> {
        let request = &asked.body;
        let device = requester.device_id.as_deref().map_or("", |device_id| device_id.as_str());
        let name = request.conn_id.as_deref().unwrap_or_default();
        let key: ConnectionKey = (requester.user, device.to_owned(), name.to_owned());
        let connection = match &asked.pos {
            None => self.sliding.connections.begin(&self.store, &key, self.clock.now_ms())?,
            Some(_) => {
                let found = self.sliding.connections.find(&self.store, &key)?;
                found.ok_or(SlidingError::UnknownPos)?
            }
        };
        let mut open = connection.lock();
        if let Some(pos) = &asked.pos {
            open.go_to(Pos::parse(pos).ok_or(SlidingError::UnknownPos)?)?;
        }
        let list = self.sliding.room_lists.of(requester.user);
        let mut rooms = list.lock();
        let draft = self.draft(requester, asked, &key, &mut open, &mut rooms)?;
        let rooms = { rooms }.len();
        self.sliding.room_lists.keep(requester.user, list, rooms);
        let Draft { mut response, step, rooms } = draft;
        response.txn_id.clone_from(&request.txn_id);
        let is_news = asked.pos.is_none() || !response.is_empty();
        let pos = match is_news {
            true => open.answer(&self.store, step, rooms, self.clock.now_ms())?,
            false => open.pos(),
        };
        response.pos = pos.to_string();
        let rooms = { open }.rooms();
        self.sliding.connections.keep(key, connection, rooms);
        Ok((response, is_news))
    }

    fn draft(
        &self,
        requester: &Requester,
        asked: &Asked,
        key: &ConnectionKey,
        connection: &mut Connection,
        list: &mut RoomList,
    ) -> Result<Draft, SlidingError> {
        // First the bound, then the snapshot: so everything up to the bound is in it.
        let until = self.store.visible();
        let view = self.store.read();
        let viewer =
            self.rooms.viewer(&*view, requester.user, &requester.user_id, requester.device_id.as_deref())?;
        let stream = format!("sliding {}", key.2);
        let moment = Moment {
            sync: self,
            read: &*view,
            user: requester.user,
            device_id: requester.device_id.as_ref().map(|device_id| device_id.as_str()),
            viewer: &viewer,
            connection: sent_members::Connection::new(key.0, Some(&key.1), Some(&stream)),
            filter: &SyncFilter::default(),
            since: None,
            to_device_since: asked.to_device_since()?.unwrap_or(Position::START),
            until,
            full_state: false,
            state_after: StateAfter::Stable,
        };
        list.refresh(&moment)?;
        let wanted = moment.wanted_rooms(&asked.body, connection, list)?;
        moment.sliding_draft(&asked.body, connection, list, &wanted)
    }
}

impl Moment<'_> {
    fn sliding_draft(
        &self,
        request: &SlidingRequest,
        connection: &mut Connection,
        list: &RoomList,
        wanted: &Wanted,
    ) -> Result<Draft, SlidingError> {
        let mut step = connection.step().clone();
        step.until = self.until;
        let mut response = SlidingResponse { lists: wanted.counts.clone(), ..SlidingResponse::default() };
        let mut rooms = std::collections::BTreeMap::new();
        for (room, config) in &wanted.rooms {
            let Some(entry) = list.get(*room) else { continue };
            let required = RequiredState::new(&config.required_state, self.viewer.user_id.as_deref());
            if required.wants_members() && self.wholeness(*room)? == Wholeness::Partial {
                continue;
            }
            let Some(telling) = Telling::find(self, *room, entry, config, connection)? else { continue };
            response.rooms.insert(self.room_id(*room)?, self.told_room(&telling)?);
            let before = connection.told(*room);
            let told = ToldRoom {
                upto: self.until,
                extras: before.and_then(|told| told.extras),
                timeline_limit: before
                    .map_or(config.timeline_limit, |told| told.timeline_limit.max(config.timeline_limit)),
                required_state: connection.number_of(&config.required_state)?,
            };
            rooms.insert(*room, told);
        }
        let extras = Extras::find(wanted, connection, list);
        response.extensions = self.extensions(request, wanted, &extras, &mut step)?;
        let asked = &request.extensions;
        response.extensions.thread_subscriptions =
            self.thread_subscriptions_extension(&asked.thread_subscriptions, connection.step().until)?;
        response.extensions.sticky_events =
            self.sticky_extension(&asked.sticky_events, list, &response.rooms)?;
        let tells_extras = asked.account_data.is_on() || asked.receipts.is_on() || asked.typing.is_on();
        for (room, _) in extras.rooms.iter().filter(|_| tells_extras) {
            if let Some(told) = rooms.get(room).copied().or_else(|| connection.told(*room)) {
                rooms.insert(*room, ToldRoom { extras: Some(self.until), ..told });
            }
        }
        Ok(Draft { response, step, rooms: rooms.into_iter().collect() })
    }
}
