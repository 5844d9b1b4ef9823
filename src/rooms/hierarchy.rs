//! Space hierarchies: the tree of rooms below a space, depth first, page by page.
//!
//! The walk starts anew for each page and skips what earlier pages had, so a token needs no memory here. Rooms that
//! this server is not in are left out.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidhierarchy>

mod children;

use std::collections::HashSet;

use kith_event::client_format::stripped_state;
use kith_store::{Error, Read};
use ruma::{
    OwnedRoomId, RoomId,
    room::{RoomSummary, RoomType},
};
use serde_json::value::RawValue;

pub(crate) use self::children::{Child, ChildrenCache};
use crate::{ReadError, Rooms, render::raw, tokens::UnknownToken, viewer::Viewer};

/// How many rooms a page has if the client does not say, and at most.
pub const PAGE_ROOMS_MAX: usize = 50;
/// How deep a walk goes if the client does not say, and at most.
const DEPTH_MAX: u64 = 64;
/// How many rooms one request looks at, shown or not.
const ROOMS_LOOKED_AT_MAX: usize = 5_000;

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
struct Progress {
    suggested_only: bool,
    max_depth: u64,
    /// How many rooms earlier pages had.
    skip: usize,
}

impl Rooms {
    /// `/hierarchy`: a page of the rooms below a space.
    pub fn hierarchy(
        &self,
        read: &dyn Read,
        space: &RoomId,
        viewer: &Viewer,
        request: &HierarchyRequest<'_>,
    ) -> Result<HierarchyPage, ReadError> {
        let progress = Progress::of(request)?;
        let limit = request.limit.clamp(1, PAGE_ROOMS_MAX);
        let mut page = HierarchyPage { rooms: Vec::new(), next_batch: None };
        let mut waiting: Vec<(OwnedRoomId, u64)> = vec![(space.to_owned(), 0)];
        let mut known = HashSet::new();
        let mut shown = 0;
        while let Some((room_id, depth)) = waiting.pop() {
            if known.len() >= ROOMS_LOOKED_AT_MAX {
                break;
            }
            // A room that stands in several spaces, or in itself, is walked once.
            if !known.insert(room_id.clone()) {
                continue;
            }
            let Some((summary, children)) =
                self.room_of_hierarchy(read, &room_id, viewer, request.suggested_only)?
            else {
                if depth == 0 {
                    return Err(ReadError::Forbidden);
                }
                continue;
            };
            if page.rooms.len() == limit {
                page.next_batch = Some(Progress { skip: shown, ..progress }.to_token());
                return Ok(page);
            }
            if depth < progress.max_depth {
                waiting.extend(children.iter().rev().map(|child| (child.room_id.clone(), depth + 1)));
            }
            shown += 1;
            if shown > progress.skip {
                let children_state = children.iter().map(child_state).collect();
                page.rooms.push(HierarchyRoom { summary, children_state });
            }
        }
        Ok(page)
    }

    /// A room with its children in order, if the viewer may know of it.
    fn room_of_hierarchy(
        &self,
        read: &dyn Read,
        room_id: &RoomId,
        viewer: &Viewer,
        suggested_only: bool,
    ) -> Result<Option<(RoomSummary, Vec<Child>)>, Error> {
        let Some(room) = self.store.ids().find_room(room_id)? else { return Ok(None) };
        let view = self.view(read, room, viewer)?;
        let Some(heads) = view.heads() else { return Ok(None) };
        let summary = self.summary(read, room, heads)?;
        if !view.may_know(&summary)? {
            return Ok(None);
        }
        let mut children = match summary.room_type {
            Some(RoomType::Space) => self.children_of_space(read, room, heads.state)?,
            _ => Vec::new(),
        };
        if suggested_only {
            children.retain(|child| child.suggested);
        }
        Ok(Some((summary, children)))
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

/// The stripped event, with its time.
pub(crate) fn child_state(child: &Child) -> Box<RawValue> {
    let mut text = stripped_state(&child.pdu);
    text.pop();
    text.push_str(&format!(",\"origin_server_ts\":{}}}", child.pdu.origin_server_ts()));
    raw(text)
}
