//! Space hierarchies: the tree of rooms below a space, depth first, page by page.
//!
//! The walk starts anew for each page and skips what earlier pages had, so a token needs no memory here. Where it comes
//! to a room that this server is not in, it stops until servers that are were asked (`elsewhere.rs`).
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidhierarchy>

mod children;
mod walk;

use std::{sync::Arc, time::Duration};

use ruma::{OwnedRoomId, room::RoomSummary};
use serde_json::value::RawValue;

pub(crate) use self::children::{Child, ChildrenCache};
use self::walk::{Stop, Walk};
use crate::{ReadError, Rooms, tokens::UnknownToken, viewer::Viewer};

/// How many rooms a page has if the client does not say, and at most.
pub const PAGE_ROOMS_MAX: usize = 50;
/// How deep a walk goes if the client does not say, and at most.
const DEPTH_MAX: u64 = 64;

/// How long other servers are asked for one page, in milliseconds; what they have not told by then is left out.
const ASKING_MS_MAX: u64 = 20_000;

/// Which part of a hierarchy is wanted.
#[derive(Clone, Copy, Debug)]
pub struct HierarchyRequest<'a> {
    /// The token of the page before.
    pub from: Option<&'a str>,
    /// How many rooms at most.
    pub limit: usize,
    /// How deep at most; the space itself is at depth 0.
    pub max_depth: Option<u64>,
    /// Only rooms that their space suggests.
    pub suggested_only: bool,
}

/// One room of a hierarchy.
#[derive(Debug)]
pub struct HierarchyRoom {
    /// The room in short.
    pub summary: RoomSummary,
    /// For spaces, the `m.space.child` events.
    pub children_state: Vec<Box<RawValue>>,
}

/// A page of a hierarchy.
#[derive(Debug)]
pub struct HierarchyPage {
    /// The rooms.
    pub rooms: Vec<HierarchyRoom>,
    /// Where to go on.
    pub next_batch: Option<String>,
}

/// What a token remembers.
#[derive(Clone, Copy)]
struct Progress {
    suggested_only: bool,
    max_depth: u64,
    /// How many rooms earlier pages had.
    skip: usize,
}

impl Rooms {
    /// `/hierarchy`: a page of the rooms below a space, wherever they are.
    pub async fn hierarchy(
        self: &Arc<Self>,
        space: OwnedRoomId,
        viewer: Viewer,
        request: &HierarchyRequest<'_>,
    ) -> Result<HierarchyPage, ReadError> {
        let mut walk = Walk::begin(space, viewer, request)?;
        let until_ms = self.clock.now_ms() + ASKING_MS_MAX;
        loop {
            let rooms = Arc::clone(self);
            let going_on = move || {
                let stop = walk.go_on(&rooms, &*rooms.store.read())?;
                Ok::<_, ReadError>((walk, stop))
            };
            let (mut stopped, stop) = self.tasks.blocking(going_on).await?;
            let Stop::Ask(room_id, servers) = stop else { return Ok(stopped.into_page()) };
            let left = Duration::from_millis(until_ms.saturating_sub(self.clock.now_ms()));
            let asking = Box::pin(self.told_of(&room_id, &servers, request.suggested_only));
            let told = tokio::time::timeout(left, asking).await.unwrap_or_default();
            stopped.hear(room_id, told);
            walk = stopped;
        }
    }
}

impl Progress {
    fn of(request: &HierarchyRequest<'_>) -> Result<Self, ReadError> {
        let max_depth = request.max_depth.unwrap_or(DEPTH_MAX).min(DEPTH_MAX);
        let first = Self { suggested_only: request.suggested_only, max_depth, skip: 0 };
        let Some(token) = request.from else { return Ok(first) };
        let progress = Self::parse(token).ok_or(UnknownToken)?;
        if (progress.suggested_only, progress.max_depth) != (first.suggested_only, first.max_depth) {
            return Err(ReadError::InvalidParam(
                "suggested_only and max_depth cannot change on paginated requests",
            ));
        }
        Ok(progress)
    }

    fn parse(token: &str) -> Option<Self> {
        let mut parts = token.strip_prefix("h1_")?.split('_');
        let progress = Self {
            suggested_only: parts.next()? == "1",
            max_depth: parts.next()?.parse().ok()?,
            skip: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(progress)
    }

    fn to_token(&self) -> String {
        format!("h1_{}_{}_{}", u8::from(self.suggested_only), self.max_depth, self.skip)
    }
}
