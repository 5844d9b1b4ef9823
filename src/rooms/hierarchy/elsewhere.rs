//! Rooms that this server is not in, as far as a look from outside goes: servers that are in them say what they are
//! called and, of spaces, what is below. What they say is kept for a short while, for each server by itself: nobody's
//! word about a room is passed on to those who would have asked another.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1hierarchyroomid>

use std::{collections::HashMap, sync::Arc};

use kith_peers::{Patience, PeerError};
use quick_cache::{Weighter, sync::Cache};
use ruma::{
    OwnedRoomId, OwnedServerName, RoomId, ServerName,
    api::federation::space::get_hierarchy::v1::{Request, Response},
    room::{RoomSummary, RoomType},
};

use super::children::{Child, in_order};
use crate::Rooms;

/// How many servers are asked about one room, one after the other.
const SERVERS_ASKED_MAX: usize = 3;
/// How long a server may take to answer, in milliseconds: somebody looks at a screen meanwhile.
const TIMEOUT_MS: u64 = 8_000;
/// How long an answer is kept, in milliseconds.
const KEPT_MS: u64 = 300_000;
/// How long it is remembered that a server had no answer, in milliseconds.
const SILENCE_KEPT_MS: u64 = 30_000;
/// How many bytes of answers are kept, and what an answer and each room in it are taken to weigh.
const KEPT_BYTES: u64 = 4 << 20;
const ANSWER_BYTES: u64 = 512;
const ROOM_BYTES: u64 = 512;
/// How many rooms below a space are heeded.
const CHILDREN_MAX: usize = 1_000;

/// What servers said about rooms lately.
pub(crate) struct ElsewhereCache(Cache<(OwnedRoomId, OwnedServerName), Arc<Kept>, ByTexts>);

struct Kept {
    until_ms: u64,
    /// Nothing, if the server does not know the room or does not tell.
    told: Option<Arc<Told>>,
}

#[derive(Clone)]
struct ByTexts;

impl Weighter<(OwnedRoomId, OwnedServerName), Arc<Kept>> for ByTexts {
    fn weight(&self, _: &(OwnedRoomId, OwnedServerName), kept: &Arc<Kept>) -> u64 {
        let told = kept.told.as_ref().map_or(0, |told| {
            let children: u64 = told.room.children.iter().map(|child| child.bytes()).sum();
            children + ROOM_BYTES * (told.below.len() + told.inaccessible.len()) as u64
        });
        ANSWER_BYTES + told
    }
}

impl Default for ElsewhereCache {
    fn default() -> Self {
        let entries = usize::try_from(KEPT_BYTES / ANSWER_BYTES).unwrap_or(usize::MAX);
        Self(Cache::with_weighter(entries, KEPT_BYTES, ByTexts))
    }
}

/// A room that this server is not in.
#[derive(Debug)]
pub(crate) struct RoomElsewhere {
    pub(crate) summary: RoomSummary,
    /// In their order.
    pub(crate) children: Vec<Arc<Child>>,
}

/// What a server said when it was asked about a room.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) room: Arc<RoomElsewhere>,
    /// The rooms right below it.
    below: Vec<RoomSummary>,
    /// Those that cannot be had from anywhere.
    inaccessible: Vec<OwnedRoomId>,
}

/// What is known of rooms elsewhere during one walk; of those that are named without more, nothing can be had.
#[derive(Clone, Debug, Default)]
pub(crate) struct Elsewhere {
    rooms: HashMap<OwnedRoomId, Option<Arc<RoomElsewhere>>>,
    /// Nobody is asked any more: of whatever is not known, nothing can be had.
    is_closed: bool,
}

impl Elsewhere {
    /// What is known of a room; that may be that nothing can be had.
    pub(super) fn get(&self, room_id: &RoomId) -> Option<Option<&Arc<RoomElsewhere>>> {
        let known = self.rooms.get(room_id).map(Option::as_ref);
        known.or(self.is_closed.then_some(None))
    }

    pub(super) fn close(&mut self) {
        self.is_closed = true;
    }

    /// Takes in what was said about a room, and on that occasion about those below it.
    pub(crate) fn learn(&mut self, room_id: OwnedRoomId, told: Option<&Told>) {
        for summary in told.iter().flat_map(|told| &told.below) {
            // What is below a space has to be asked for.
            if summary.room_type != Some(RoomType::Space) {
                let room = RoomElsewhere { summary: summary.clone(), children: Vec::new() };
                self.rooms.entry(summary.room_id.clone()).or_insert_with(|| Some(Arc::new(room)));
            }
        }
        for room_id in told.iter().flat_map(|told| &told.inaccessible) {
            self.rooms.entry(room_id.clone()).or_default();
        }
        self.rooms.insert(room_id, told.map(|told| Arc::clone(&told.room)));
    }
}

impl Rooms {
    /// What one of these servers says about a room; the first that says something counts.
    pub(crate) async fn ask_about(&self, room_id: &RoomId, servers: &[OwnedServerName]) -> Option<Arc<Told>> {
        let cache = &self.reading.elsewhere.0;
        let others = servers.iter().filter(|server| **server != self.server_name);
        for server in others.take(SERVERS_ASKED_MAX) {
            let key = (room_id.to_owned(), server.clone());
            let now_ms = self.clock.now_ms();
            let told = match cache.get(&key).filter(|kept| kept.until_ms > now_ms) {
                Some(kept) => kept.told.clone(),
                None => {
                    let told = self.ask_one_about(room_id, server).await.map(Arc::new);
                    let kept_ms = if told.is_some() { KEPT_MS } else { SILENCE_KEPT_MS };
                    cache.insert(key, Arc::new(Kept { until_ms: now_ms + kept_ms, told: told.clone() }));
                    told
                }
            };
            if told.is_some() {
                return told;
            }
        }
        None
    }

    async fn ask_one_about(&self, room_id: &RoomId, server: &ServerName) -> Option<Told> {
        let request = Request { room_id: room_id.to_owned(), suggested_only: false };
        match self.peers.ask_with(server, request, Patience::of_ms(TIMEOUT_MS)).await {
            Ok(answer) if answer.room.summary.room_id == room_id => Some(Told::of(answer)),
            Ok(_) => None,
            Err(error) => {
                if !matches!(error, PeerError::Answer { status: 404, .. }) {
                    tracing::debug!(%room_id, %server, %error, "a server says nothing about a room");
                }
                None
            }
        }
    }
}

impl Told {
    /// Reads an answer; what makes no sense is left out.
    pub(crate) fn of(answer: Response) -> Self {
        let Response { room, mut children, mut inaccessible_children } = answer;
        let states = room.children_state.iter().take(CHILDREN_MAX);
        let stated = states.filter_map(|state| Child::of_stripped(state.json())).collect();
        children.truncate(CHILDREN_MAX);
        inaccessible_children.truncate(CHILDREN_MAX);
        Self {
            room: Arc::new(RoomElsewhere {
                summary: room.summary,
                children: in_order(stated).into_iter().map(Arc::new).collect(),
            }),
            below: children,
            inaccessible: inaccessible_children,
        }
    }
}
