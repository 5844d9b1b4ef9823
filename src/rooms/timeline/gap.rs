//! Gaps in a room's history, and reading over them: what a page lacks is fetched from servers in the room first.

use std::{sync::Arc, time::Duration};

use kith_store::{Direction, Error, tables::edges::BACKWARD_EDGES};
use ruma::OwnedRoomId;

use super::{Page, PageRequest};
use crate::{
    ReadError, Rooms,
    tokens::Place,
    viewer::Viewer,
    visibility::{RoomView, Standing},
};

/// How often history is fetched for one page.
const BACKFILLS_PER_PAGE_MAX: usize = 3;
/// How long somebody waits for history, in milliseconds, before they get what there is.
const BACKFILL_MS_MAX: u64 = 25_000;

/// Where history is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The depth of the event below which it is missing.
    pub depth: u64,
}

impl Rooms {
    /// [`Rooms::messages`], with history that is missing fetched for those who are in the room.
    pub async fn messages_over_gaps(
        self: &Arc<Self>,
        room_id: OwnedRoomId,
        viewer: Viewer,
        request: PageRequest,
    ) -> Result<Page, ReadError> {
        let (room, limit) = (room_id.clone(), request.limit);
        let (rooms, tasks) = (Arc::clone(self), self.tasks.clone());
        let reading = Arc::new((room_id, viewer, request));
        let page = async move || {
            let (rooms, reading) = (Arc::clone(&rooms), Arc::clone(&reading));
            let read = move || {
                let (room_id, viewer, request) = &*reading;
                rooms.messages(&*rooms.store.read(), room_id, viewer, request)
            };
            tasks.blocking(read).await
        };
        for _ in 0..BACKFILLS_PER_PAGE_MAX {
            let so_far = page().await?;
            let Some(gap) = so_far.gap else { return Ok(so_far) };
            let filling = Box::pin(self.backfill(&room, gap.depth, limit));
            match tokio::time::timeout(Duration::from_millis(BACKFILL_MS_MAX), filling).await {
                Ok(Ok(placed)) if placed > 0 => {}
                Ok(Err(error)) => {
                    tracing::debug!(room_id = %room, %error, "history is not filled in");
                    return Ok(so_far);
                }
                Ok(Ok(_)) | Err(_) => return Ok(so_far),
            }
        }
        page().await
    }
}

impl RoomView<'_> {
    /// The highest gap that a page back from `upper` to `reached` goes over, or ends at without being full.
    pub(super) fn gap(&self, upper: Place, reached: Place, is_full: bool) -> Result<Option<Gap>, Error> {
        if *self.standing() != Standing::Joined {
            return Ok(None);
        }
        let (from, to) = ((self.room, reached.depth), (self.room, upper.depth.saturating_add(1)));
        let mut rows = BACKWARD_EDGES.range(self.read, &from, &to, Direction::Backward);
        let Some(((_, depth, _), ())) = rows.next().transpose()? else { return Ok(None) };
        Ok((depth > reached.depth || !is_full).then_some(Gap { depth }))
    }
}
