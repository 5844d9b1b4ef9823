//! Space hierarchies: the tree of rooms below a space, depth first, page by page.
//!
//! The walk starts anew for each page and skips what earlier pages had, so a token needs no memory here. Where it comes
//! to rooms that this server is not in, their servers are asked, and the walk starts anew with what they said.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidhierarchy>

mod children;
pub(crate) mod elsewhere;

use std::{collections::HashSet, sync::Arc};

use futures_util::{StreamExt, stream};
use kith_store::{Error, Read};
use ruma::{
    OwnedRoomId, OwnedServerName, RoomId,
    room::{RoomSummary, RoomType},
};
use serde_json::value::RawValue;

pub(crate) use self::children::{Child, ChildrenCache};
use self::elsewhere::{Elsewhere, Told};
use crate::{ReadError, Rooms, tokens::UnknownToken, viewer::Viewer};

/// How many rooms a page has if the client does not say, and at most.
pub const PAGE_ROOMS_MAX: usize = 50;
/// How deep a walk goes if the client does not say, and at most.
const DEPTH_MAX: u64 = 64;
/// How many rooms one request looks at, shown or not.
const ROOMS_LOOKED_AT_MAX: usize = 5_000;
/// About how many rooms elsewhere others are asked for one page.
const ROOMS_ASKED_MAX: usize = 60;
/// About how many of them at once are asked before the walk starts anew.
const ROOMS_A_ROUND_MAX: usize = 20;
/// How many requests to other servers are made at the same time.
const REQUESTS_AT_ONCE: usize = 8;
/// How long the asking for one page goes on, in milliseconds.
const ASKING_MS_MAX: u64 = 20_000;
/// How many servers of the space itself may be asked.
const SPACE_SERVERS_MAX: usize = 5;

/// Which part of a hierarchy is wanted.
#[derive(Clone, Debug)]
pub struct HierarchyRequest {
    /// The space.
    pub space: OwnedRoomId,
    /// The token of the page before.
    pub from: Option<String>,
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

/// What came of a walk.
pub(crate) struct Walked {
    /// Nothing, if the viewer may not know of the space.
    pub(crate) page: Option<HierarchyPage>,
    /// The rooms elsewhere that it came to and of which nothing is known yet.
    pub(crate) unknown: Vec<(OwnedRoomId, Vec<OwnedServerName>)>,
}

/// A room on the way.
struct Step {
    room_id: OwnedRoomId,
    depth: u64,
    via: Vec<OwnedServerName>,
}

impl Rooms {
    /// `/hierarchy`: a page of the rooms below a space, wherever they are.
    pub async fn hierarchy(
        self: &Arc<Self>,
        viewer: Viewer,
        request: HierarchyRequest,
    ) -> Result<HierarchyPage, ReadError> {
        let asked_for = Arc::new((viewer, request));
        let mut elsewhere = Elsewhere::default();
        let (mut asked, until_ms) = (0, self.clock.now_ms() + ASKING_MS_MAX);
        loop {
            let (rooms, asked_for, known) = (Arc::clone(self), Arc::clone(&asked_for), elsewhere.clone());
            let walk = move || rooms.walk(&*rooms.store.read(), &asked_for.0, &asked_for.1, &known);
            let Walked { page, unknown } = self.tasks.blocking(walk).await?;
            if unknown.is_empty() {
                return page.ok_or(ReadError::Forbidden);
            }
            if asked >= ROOMS_ASKED_MAX || self.clock.now_ms() >= until_ms {
                elsewhere.close();
                continue;
            }
            asked += unknown.len();
            for (room_id, told) in self.ask_about_all(unknown).await {
                elsewhere.learn(room_id, told.as_deref());
            }
        }
    }

    /// What is said about rooms elsewhere, in the order in which they were given.
    async fn ask_about_all(
        &self,
        rooms: Vec<(OwnedRoomId, Vec<OwnedServerName>)>,
    ) -> Vec<(OwnedRoomId, Option<Arc<Told>>)> {
        let questions = stream::iter(rooms).map(|(room_id, via)| async move {
            let told = self.ask_about(&room_id, &via).await;
            (room_id, told)
        });
        questions.buffered(REQUESTS_AT_ONCE).collect().await
    }

    /// One walk, without asking anybody.
    pub(crate) fn walk(
        &self,
        read: &dyn Read,
        viewer: &Viewer,
        request: &HierarchyRequest,
        elsewhere: &Elsewhere,
    ) -> Result<Walked, ReadError> {
        let progress = Progress::of(request)?;
        let limit = request.limit.clamp(1, PAGE_ROOMS_MAX);
        let mut page = HierarchyPage { rooms: Vec::new(), next_batch: None };
        let mut unknown = Vec::new();
        let via = self.servers_of(&request.space, viewer.user, &[], SPACE_SERVERS_MAX)?;
        let mut waiting = vec![Step { room_id: request.space.clone(), depth: 0, via }];
        let mut known = HashSet::new();
        let mut shown = 0;
        while let Some(Step { room_id, depth, via }) = waiting.pop() {
            if known.len() >= ROOMS_LOOKED_AT_MAX || unknown.len() >= ROOMS_A_ROUND_MAX {
                break;
            }
            // A room that stands in several spaces, or in itself, is walked once.
            if !known.insert(room_id.clone()) {
                continue;
            }
            let found = self.room_of_hierarchy(read, &room_id, viewer, elsewhere)?;
            if found.is_unknown && !via.is_empty() {
                unknown.push((room_id, via));
            }
            let Some((summary, mut children)) = found.room else {
                if depth == 0 {
                    return Ok(Walked { page: None, unknown });
                }
                continue;
            };
            if page.rooms.len() == limit {
                page.next_batch = Some(Progress { skip: shown, ..progress }.to_token());
                break;
            }
            children.retain(|child| child.suggested || !request.suggested_only);
            shown += 1;
            if shown > progress.skip {
                let children_state = children.iter().map(|child| child.state()).collect();
                page.rooms.push(HierarchyRoom { summary, children_state });
            }
            if depth < progress.max_depth {
                let below = children.iter().rev();
                waiting.extend(below.map(|child| Step {
                    room_id: child.room_id.clone(),
                    depth: depth + 1,
                    via: child.via.clone(),
                }));
            }
        }
        Ok(Walked { page: Some(page), unknown })
    }

    /// A room, if the viewer may know of it: as it is here, or as others see it where this server does not take part.
    fn room_of_hierarchy(
        &self,
        read: &dyn Read,
        room_id: &RoomId,
        viewer: &Viewer,
        elsewhere: &Elsewhere,
    ) -> Result<FoundRoom, Error> {
        let room = self.store.ids().find_room(room_id)?;
        let is_here = room.map(|room| self.is_resident(room)).transpose()?.unwrap_or(false);
        let told = elsewhere.get(room_id);
        if !is_here && let Some(Some(told)) = told {
            let may_know = self.may_know_elsewhere(read, viewer, &told.summary)?;
            let room = may_know.then(|| (told.summary.clone(), told.children.clone()));
            return Ok(FoundRoom { room, is_unknown: false });
        }
        let room = self.room_here(read, room_id, viewer)?;
        Ok(FoundRoom { room, is_unknown: !is_here && told.is_none() })
    }

    /// A room with its children in order, if the viewer may know of it.
    fn room_here(&self, read: &dyn Read, room_id: &RoomId, viewer: &Viewer) -> Result<Option<Shown>, Error> {
        let Some(room) = self.store.ids().find_room(room_id)? else { return Ok(None) };
        let view = self.view(read, room, viewer)?;
        let Some(heads) = view.heads() else { return Ok(None) };
        let summary = self.summary(read, room, heads)?;
        if !view.may_know(&summary)? {
            return Ok(None);
        }
        let children = match summary.room_type {
            Some(RoomType::Space) => self.children_of_space(read, room, heads.state)?,
            _ => Vec::new(),
        };
        Ok(Some((summary, children.into_iter().map(Arc::new).collect())))
    }
}

/// A room in short, with its children in order.
type Shown = (RoomSummary, Vec<Arc<Child>>);

/// What was found at a step of a walk.
struct FoundRoom {
    room: Option<Shown>,
    /// Others should be asked about it.
    is_unknown: bool,
}

impl Progress {
    fn of(request: &HierarchyRequest) -> Result<Self, ReadError> {
        let max_depth = request.max_depth.unwrap_or(DEPTH_MAX).min(DEPTH_MAX);
        let first = Self { suggested_only: request.suggested_only, max_depth, skip: 0 };
        let Some(token) = &request.from else { return Ok(first) };
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
