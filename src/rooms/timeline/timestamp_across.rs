//! The event closest to a date, where this server may have a gap just there: then others in the room are asked, and what
//! they find gets its place in the history here, so that clients can go on from it.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidtimestamp_to_event>

use std::{sync::Arc, time::Duration};

use kith_peers::Patience;
use kith_store::{
    Direction, Read,
    tables::{edges::BACKWARD_EDGES, events::EVENT_META, rooms::TIMESTAMPS},
};
use ruma::{
    MilliSecondsSinceUnixEpoch, OwnedEventId, OwnedRoomId, OwnedServerName, UInt,
    api::{Direction as ApiDirection, federation::event::get_event_by_timestamp::v1::Request},
};

use super::Found;
use crate::{
    ReadError, Rooms,
    room::Room,
    viewer::Viewer,
    visibility::{RoomView, Standing},
};

/// How many events behind the wanted time are looked at for one below which there is a gap.
const EVENTS_LOOKED_AT_MAX: usize = 5;
/// How long a server may take to find an event, in milliseconds.
const TIMEOUT_MS: u64 = 8_000;
/// How long somebody waits for others, in milliseconds, before they get what there is.
const ASKING_MS_MAX: u64 = 25_000;

/// What there is here.
struct Here {
    found: Result<Found, ReadError>,
    /// Whom to ask whether there is something nearer; nobody, if there is no gap.
    others: Option<(Room, Vec<OwnedServerName>)>,
}

impl Rooms {
    /// [`Rooms::event_by_timestamp`], with the help of other servers where there is a gap.
    pub async fn event_by_timestamp_across(
        self: &Arc<Self>,
        room_id: OwnedRoomId,
        viewer: Viewer,
        timestamp_ms: u64,
        direction: Direction,
    ) -> Result<Found, ReadError> {
        let wanted = Arc::new((room_id, viewer));
        let look = async || {
            let (rooms, wanted) = (Arc::clone(self), Arc::clone(&wanted));
            let work = move || rooms.look_around(&wanted.0, &wanted.1, timestamp_ms, direction);
            self.tasks.blocking(work).await
        };
        let here = look().await?;
        let Some((room, servers)) = here.others else { return here.found };
        let nearest = here.found.as_ref().ok().map(|found| found.timestamp_ms);
        let asking = Box::pin(self.fetch_nearer(room, servers, (timestamp_ms, direction), nearest));
        match tokio::time::timeout(Duration::from_millis(ASKING_MS_MAX), asking).await {
            // Who may see what, and what is nearest, is decided here.
            Ok(true) => look().await?.found,
            Ok(false) | Err(_) => here.found,
        }
    }

    fn look_around(
        &self,
        room_id: &ruma::RoomId,
        viewer: &Viewer,
        timestamp_ms: u64,
        direction: Direction,
    ) -> Result<Here, ReadError> {
        let read = self.store.read();
        let view = self.enter(&*read, room_id, viewer)?;
        let gap = *view.standing() == Standing::Joined && has_gap(&view, &*read, timestamp_ms, direction)?;
        let others = match gap {
            true => {
                let room = self.room_of(view.room())?;
                let servers = self.servers_to_ask(&room)?;
                Some((room, servers))
            }
            false => None,
        };
        Ok(Here { found: self.event_by_timestamp(&*read, room_id, viewer, timestamp_ms, direction), others })
    }

    /// Asks servers, one after the other, for an event that is nearer than what is here, and gives the first that can
    /// be had its place. Gives whether there was one.
    async fn fetch_nearer(
        self: &Arc<Self>,
        room: Room,
        servers: Vec<OwnedServerName>,
        wanted: (u64, Direction),
        nearest: Option<u64>,
    ) -> bool {
        for server in servers {
            let Some(event_id) = self.ask_nearer(&room, &server, wanted, nearest).await else { continue };
            match self.fetch_into_history(room.clone(), &server, event_id).await {
                Ok(()) => return true,
                Err(error) => tracing::debug!(%server, %error, "an event of the past cannot be had"),
            }
        }
        false
    }

    async fn ask_nearer(
        &self,
        room: &Room,
        server: &OwnedServerName,
        (timestamp_ms, direction): (u64, Direction),
        nearest: Option<u64>,
    ) -> Option<OwnedEventId> {
        let dir = match direction {
            Direction::Forward => ApiDirection::Forward,
            Direction::Backward => ApiDirection::Backward,
        };
        let ts = MilliSecondsSinceUnixEpoch(UInt::new_saturating(timestamp_ms));
        let request = Request::new(room.id.clone(), ts, dir);
        match self.peers.ask_with(server, request, Patience::of_ms(TIMEOUT_MS)).await {
            Ok(answer) => {
                let at_ms = u64::from(answer.origin_server_ts.get());
                is_nearer(at_ms, timestamp_ms, direction, nearest).then_some(answer.event_id)
            }
            Err(error) => {
                tracing::debug!(%server, %error, "a server finds no event near a time");
                None
            }
        }
    }
}

/// Whether there may be events just there that this server does not have: what follows the time stands on an edge.
fn has_gap(
    view: &RoomView<'_>,
    read: &dyn Read,
    timestamp_ms: u64,
    direction: Direction,
) -> Result<bool, kith_store::Error> {
    let behind_ms = match direction {
        Direction::Forward => timestamp_ms,
        Direction::Backward => timestamp_ms.saturating_add(1),
    };
    let (from, to) = ((view.room(), behind_ms, i64::MIN), (view.room(), u64::MAX, i64::MIN));
    let rows = TIMESTAMPS.range(read, &from, &to, Direction::Forward);
    for row in rows.take(EVENTS_LOOKED_AT_MAX) {
        let (_, event) = row?;
        let Some(meta) = EVENT_META.get(read, &event)? else { continue };
        if BACKWARD_EDGES.contains(read, &(view.room(), meta.depth, event))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a time lies on the wanted side, and nearer than what is known.
fn is_nearer(at_ms: u64, wanted_ms: u64, direction: Direction, nearest: Option<u64>) -> bool {
    match direction {
        Direction::Forward => at_ms >= wanted_ms && nearest.is_none_or(|nearest| at_ms < nearest),
        Direction::Backward => at_ms <= wanted_ms && nearest.is_none_or(|nearest| at_ms > nearest),
    }
}
