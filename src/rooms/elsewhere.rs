//! Rooms that this server is not in, as servers in them describe them: in short, and for spaces with what is below.
//!
//! What was told is kept for some minutes, under the name of the server that told it: nobody answers for another.
//! <https://spec.matrix.org/v1.19/server-server-api/#spaces>

use std::sync::Arc;

use kith_peers::Patience;
use kith_store::{
    Error, Read,
    tables::members::{MEMBERSHIPS, Membership},
};
use quick_cache::{Weighter, sync::Cache};
use ruma::{
    OwnedRoomId, OwnedServerName, RoomId, ServerName, api::federation::space::get_hierarchy::v1,
    room::RoomSummary,
};

use crate::{Rooms, hierarchy::Child, viewer::Viewer};

/// How many servers are asked about one room.
const SERVERS_ASKED_MAX: usize = 3;
/// How long each of them may take, in milliseconds.
const ANSWER_MS_MAX: u64 = 10_000;
/// How many rooms below a space one answer may name.
const CHILDREN_MAX: usize = 1_000;
/// How long an answer is good for, in milliseconds.
const FRESH_MS: u64 = 300_000;
/// How many bytes of answers are kept, and what a room in one is taken to weigh.
const TOLD_BYTES: u64 = 8 << 20;
const ROOM_BYTES: u64 = 1_024;

/// What a server says of a room.
pub(crate) struct Told {
    /// The room in short. Whether a user may know of it is up to this server.
    pub(crate) summary: RoomSummary,
    /// What is below it, in order.
    pub(crate) children: Vec<Child>,
    /// The rooms right below it, in short, as far as the server knows them.
    pub(crate) below: Vec<RoomSummary>,
    /// The rooms right below it that are none of this server's business.
    pub(crate) closed: Vec<OwnedRoomId>,
    until_ms: u64,
}

/// Who was asked about which room, and whether only about what it suggests.
type Question = (OwnedServerName, OwnedRoomId, bool);

/// What was told lately.
pub(crate) struct ToldCache(Cache<Question, Arc<Told>, ByRooms>);

#[derive(Clone)]
struct ByRooms;

impl Weighter<Question, Arc<Told>> for ByRooms {
    fn weight(&self, _: &Question, told: &Arc<Told>) -> u64 {
        ROOM_BYTES * (1 + told.children.len() + told.below.len()) as u64
    }
}

impl Default for ToldCache {
    fn default() -> Self {
        let entries = usize::try_from(TOLD_BYTES / ROOM_BYTES).unwrap_or(usize::MAX);
        Self(Cache::with_weighter(entries, TOLD_BYTES, ByRooms))
    }
}

impl Rooms {
    /// What the first of these servers that knows a room says of it.
    pub(crate) async fn told_of(
        &self,
        room_id: &RoomId,
        servers: &[OwnedServerName],
        suggested_only: bool,
    ) -> Option<Arc<Told>> {
        let others = servers.iter().filter(|server| self.may_be_asked(server));
        for server in others.take(SERVERS_ASKED_MAX) {
            let question = (server.clone(), room_id.to_owned(), suggested_only);
            let cache = &self.reading.told.0;
            if let Some(told) = cache.get(&question).filter(|told| told.until_ms > self.clock.now_ms()) {
                return Some(told);
            }
            let request = v1::Request { room_id: room_id.to_owned(), suggested_only };
            match self.peers.ask_with(server, request, Patience::of_ms(ANSWER_MS_MAX)).await {
                Ok(answer) if answer.room.summary.room_id == *room_id => {
                    let told = Arc::new(Told::read(answer, self.clock.now_ms() + FRESH_MS));
                    cache.insert(question, Arc::clone(&told));
                    return Some(told);
                }
                Ok(_) => tracing::debug!(%server, %room_id, "a server tells of another room"),
                Err(error) => tracing::debug!(%server, %room_id, %error, "a room is not told of"),
            }
        }
        None
    }

    /// Whether a server is another one, and one to talk to.
    pub(crate) fn may_be_asked(&self, server: &ServerName) -> bool {
        *server != self.server_name && self.peers.is_allowed(server) && !self.peers.is_backed_off(server)
    }

    /// Whether a viewer may know of a room that this server is not in, and what they are to it.
    pub(crate) fn may_know_of_told(
        &self,
        read: &dyn Read,
        viewer: &Viewer,
        summary: &RoomSummary,
    ) -> Result<(bool, Option<Membership>), Error> {
        let room = self.store.ids().find_room(&summary.room_id)?;
        let record = match viewer.user.zip(room) {
            Some(key) => MEMBERSHIPS.get(read, &key)?,
            None => None,
        };
        let membership = record.filter(|record| !record.forgotten).map(|record| record.membership);
        Ok((self.may_know_of(read, viewer, membership, summary)?, membership))
    }
}

impl Told {
    fn read(answer: v1::Response, until_ms: u64) -> Self {
        let v1::Response { room, children: mut below, inaccessible_children: mut closed } = answer;
        let mut children: Vec<Child> = room
            .children_state
            .iter()
            .take(CHILDREN_MAX)
            .filter_map(|state| Child::told(state.json()))
            .collect();
        Child::sort(&mut children);
        below.truncate(CHILDREN_MAX);
        closed.truncate(CHILDREN_MAX);
        Self { summary: room.summary, children, below, closed, until_ms }
    }
}
