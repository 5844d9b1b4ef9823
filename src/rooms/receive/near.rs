//! Fetching an event by its date, for a reader: servers in the room say which one it is, and it gets its place with a
//! gap below it, on the state that they give.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1timestamp_to_eventroomid>

use std::sync::Arc;

use kith_store::Error;
use ruma::{
    MilliSecondsSinceUnixEpoch, RoomId, UInt,
    api::{Direction as ApiDirection, federation::event::get_event_by_timestamp::v1},
};

use super::{ReceiveError, fetching::Fetching};
use crate::{Rooms, ingest, timeline::Moment};

impl Rooms {
    /// Fetches the event of a room that is closest to a moment, if somebody has one that is closer than one of this
    /// time. Says whether it has a place now.
    pub(crate) async fn fetch_by_timestamp(
        self: &Arc<Self>,
        room_id: &RoomId,
        moment: Moment,
        here_ms: Option<u64>,
    ) -> Result<bool, ReceiveError> {
        let (rooms, id) = (Arc::clone(self), room_id.to_owned());
        let asking = self.tasks.blocking(move || {
            let Some(room) = rooms.room(&id)? else { return Ok::<_, Error>(None) };
            let servers = rooms.servers_to_ask(&room)?;
            Ok(Some((room, servers)))
        });
        let (room, servers) = asking.await?.ok_or(ReceiveError::UnknownRoom)?;
        let turn = self.receiving.backfill_turns.take(room.sid).await;
        let _turn = turn.map_err(|_| ReceiveError::Busy)?;
        for server in servers {
            let fetching = Fetching::new(self, room.clone(), &server);
            match Box::pin(fetching.place_closest(moment, here_ms)).await {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(error) => tracing::debug!(%room_id, %server, %error, "a closer event cannot be had"),
            }
        }
        Ok(false)
    }
}

impl Fetching<'_> {
    /// Asks for the event that is closest to a moment, and gives it its place if it is closer than what is here.
    async fn place_closest(&self, moment: Moment, here_ms: Option<u64>) -> Result<bool, ReceiveError> {
        let ts = MilliSecondsSinceUnixEpoch(UInt::new_saturating(moment.timestamp_ms));
        let direction = match moment.direction {
            kith_store::Direction::Forward => ApiDirection::Forward,
            kith_store::Direction::Backward => ApiDirection::Backward,
        };
        let request = v1::Request::new(self.room.id.clone(), ts, direction);
        let answer = match self.rooms.peers.ask(&self.server, request).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::debug!(server = %self.server, %error, "an event is not found by its date");
                return Ok(false);
            }
        };
        if !moment.is_closer(u64::from(answer.origin_server_ts.get()), here_ms) {
            return Ok(false);
        }
        let (rooms, event_id) = (Arc::clone(self.rooms), answer.event_id.clone());
        let known = self.rooms.tasks.blocking(move || ingest::known(&rooms, &event_id));
        if known.await?.is_some() {
            return Ok(true);
        }
        let Some(event) = self.ask_events(vec![answer.event_id]).await.pop() else { return Ok(false) };
        // What was said of the event is one thing, what it says itself another.
        if !moment.is_closer(event.pdu().origin_server_ts(), here_ms) {
            return Ok(false);
        }
        if let Some(committed) = self.place_on_its_state(event).await? {
            self.rooms.tasks.blocking(move || committed.wait_durable()).await?;
        }
        Ok(true)
    }
}
