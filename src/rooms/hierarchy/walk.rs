//! The walk over a hierarchy: depth first, stopping where another server has to be asked.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use kith_store::{Error, Read};
use ruma::{
    OwnedRoomId, OwnedServerName, RoomId,
    room::{RoomSummary, RoomType},
};

use super::{Child, HierarchyPage, HierarchyRequest, HierarchyRoom, PAGE_ROOMS_MAX, Progress};
use crate::{ReadError, Rooms, elsewhere::Told, viewer::Viewer};

/// How many rooms one request looks at, shown or not.
const ROOMS_LOOKED_AT_MAX: usize = 5_000;
/// About how many rooms other servers are asked for one request.
const ROOMS_ASKED_MAX: usize = 50;

/// A walk that is under way.
pub(super) struct Walk {
    viewer: Viewer,
    progress: Progress,
    limit: usize,
    waiting: Vec<Waiting>,
    known: HashSet<OwnedRoomId>,
    /// What other servers said of rooms; nothing means that nobody says anything.
    told: HashMap<OwnedRoomId, Hearsay>,
    asked: usize,
    shown: usize,
    page: HierarchyPage,
}

/// A room that the walk will come to.
struct Waiting {
    room_id: OwnedRoomId,
    depth: u64,
    via: Vec<OwnedServerName>,
}

/// What was said of a room.
enum Hearsay {
    /// All there is, by somebody who was asked for it.
    Whole(Arc<Told>),
    /// What it is, by somebody who was asked for the space above it.
    InShort(RoomSummary),
    /// Nothing, or nothing more.
    Nothing(Option<RoomSummary>),
}

/// Why a walk stands still.
pub(super) enum Stop {
    /// The page is done.
    Done,
    /// These servers have to be asked about a room first.
    Ask(OwnedRoomId, Vec<OwnedServerName>),
}

/// A room where the walk has come to.
enum Step {
    Show(RoomSummary, Vec<Child>),
    Hide,
    Ask(Vec<OwnedServerName>),
}

impl Walk {
    pub(super) fn begin(
        space: OwnedRoomId,
        viewer: Viewer,
        request: &HierarchyRequest<'_>,
    ) -> Result<Self, ReadError> {
        Ok(Self {
            viewer,
            progress: Progress::of(request)?,
            limit: request.limit.clamp(1, PAGE_ROOMS_MAX),
            waiting: vec![Waiting { room_id: space, depth: 0, via: Vec::new() }],
            known: HashSet::new(),
            told: HashMap::new(),
            asked: 0,
            shown: 0,
            page: HierarchyPage { rooms: Vec::new(), next_batch: None },
        })
    }

    pub(super) fn into_page(self) -> HierarchyPage {
        self.page
    }

    /// Walks on as far as it can.
    pub(super) fn go_on(&mut self, rooms: &Rooms, read: &dyn Read) -> Result<Stop, ReadError> {
        while let Some(waiting) = self.waiting.pop() {
            if self.known.len() >= ROOMS_LOOKED_AT_MAX {
                break;
            }
            // A room that stands in several spaces, or in itself, is walked once.
            if self.known.contains(&waiting.room_id) {
                continue;
            }
            let (summary, children) = match self.step(rooms, read, &waiting)? {
                Step::Ask(servers) => {
                    let room_id = waiting.room_id.clone();
                    self.waiting.push(waiting);
                    return Ok(Stop::Ask(room_id, servers));
                }
                Step::Hide if waiting.depth == 0 => return Err(ReadError::Forbidden),
                Step::Hide => {
                    self.known.insert(waiting.room_id);
                    continue;
                }
                Step::Show(summary, children) => (summary, children),
            };
            if self.page.rooms.len() == self.limit {
                let next = Progress { skip: self.shown, ..self.progress };
                self.page.next_batch = Some(next.to_token());
                return Ok(Stop::Done);
            }
            self.known.insert(waiting.room_id);
            if waiting.depth < self.progress.max_depth {
                let depth = waiting.depth + 1;
                let below = children.iter().rev().map(|child| Waiting {
                    room_id: child.room_id.clone(),
                    depth,
                    via: child.via.clone(),
                });
                self.waiting.extend(below);
            }
            self.shown += 1;
            if self.shown > self.progress.skip {
                let children_state = children.iter().map(Child::state).collect();
                self.page.rooms.push(HierarchyRoom { summary, children_state });
            }
        }
        Ok(Stop::Done)
    }

    /// Takes note of what was said of a room, and with it of those below.
    pub(super) fn hear(&mut self, room_id: OwnedRoomId, told: Option<Arc<Told>>) {
        self.asked += 1;
        let Some(told) = told else {
            let before = self.told.remove(&room_id);
            let summary = before.and_then(|hearsay| match hearsay {
                Hearsay::InShort(summary) => Some(summary),
                _ => None,
            });
            self.told.insert(room_id, Hearsay::Nothing(summary));
            return;
        };
        for summary in &told.below {
            let hearsay = self.told.entry(summary.room_id.clone());
            hearsay.or_insert_with(|| Hearsay::InShort(summary.clone()));
        }
        for closed in &told.closed {
            self.told.entry(closed.clone()).or_insert(Hearsay::Nothing(None));
        }
        self.told.insert(room_id, Hearsay::Whole(told));
    }

    /// A room with its children in order, if the viewer may know of it.
    fn step(&self, rooms: &Rooms, read: &dyn Read, waiting: &Waiting) -> Result<Step, Error> {
        let is_top = waiting.depth == 0;
        let step = match rooms.room_of_hierarchy(read, &waiting.room_id, &self.viewer, is_top)? {
            Some(step) => step,
            // Nothing says where else to ask for the space itself.
            None if is_top => return Ok(Step::Hide),
            None => self.step_elsewhere(rooms, read, waiting)?,
        };
        Ok(match step {
            Step::Show(summary, mut children) if self.progress.suggested_only => {
                children.retain(|child| child.suggested);
                Step::Show(summary, children)
            }
            step => step,
        })
    }

    /// The same for a room that this server is not in.
    fn step_elsewhere(&self, rooms: &Rooms, read: &dyn Read, waiting: &Waiting) -> Result<Step, Error> {
        let ask = || {
            let servers: Vec<_> =
                waiting.via.iter().filter(|server| rooms.may_be_asked(server)).cloned().collect();
            (self.asked < ROOMS_ASKED_MAX && !servers.is_empty()).then_some(Step::Ask(servers))
        };
        let (summary, children) = match self.told.get(&waiting.room_id) {
            Some(Hearsay::Whole(told)) => (&told.summary, told.children.clone()),
            // Whoever told of the room did not say what is below it.
            Some(Hearsay::InShort(summary)) if summary.room_type == Some(RoomType::Space) => match ask() {
                Some(ask) => return Ok(ask),
                None => (summary, Vec::new()),
            },
            Some(Hearsay::InShort(summary) | Hearsay::Nothing(Some(summary))) => (summary, Vec::new()),
            Some(Hearsay::Nothing(None)) => return Ok(Step::Hide),
            None => return Ok(ask().unwrap_or(Step::Hide)),
        };
        let (may_know, _) = rooms.may_know_of_told(read, &self.viewer, summary)?;
        Ok(if may_know { Step::Show(summary.clone(), children) } else { Step::Hide })
    }
}

impl Rooms {
    /// A room of a hierarchy as this server knows it, if it is in it.
    fn room_of_hierarchy(
        &self,
        read: &dyn Read,
        room_id: &RoomId,
        viewer: &Viewer,
        is_top: bool,
    ) -> Result<Option<Step>, Error> {
        let Some(room) = self.store.ids().find_room(room_id)? else { return Ok(None) };
        let view = self.view(read, room, viewer)?;
        let Some(heads) = view.heads() else { return Ok(None) };
        // What is known of a room that this server is not in any more grows old; of the space itself there is no more.
        if !is_top && !self.is_resident(room)? {
            return Ok(None);
        }
        let summary = self.summary(read, room, heads)?;
        if !view.may_know(&summary)? {
            return Ok(Some(Step::Hide));
        }
        let children = match summary.room_type {
            Some(RoomType::Space) => self.children_of_space(read, room, heads.state)?,
            _ => Vec::new(),
        };
        Ok(Some(Step::Show(summary, children)))
    }
}
