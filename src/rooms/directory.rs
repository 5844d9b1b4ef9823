//! The room directory: published rooms by number of members, with search, in pages.
//!
//! It is served from an index in memory. Before each answer the index reads which rooms are published and, from the
//! ring of changes, which of them changed; only those are looked at again.
//! <https://spec.matrix.org/v1.19/client-server-api/#published-room-directory>

mod index;

use std::{cmp::Reverse, sync::Arc};

use kith_store::RoomSid;
use ruma::directory::{PublicRoomsChunk, RoomNetwork, RoomTypeFilter};

pub(crate) use self::index::DirectoryIndex;
use self::index::{Entry, fold};
use crate::{ReadError, Rooms, tokens::UnknownToken};

/// How many rooms a page has if the client does not say, and at most.
const PAGE_ROOMS_DEFAULT: usize = 100;
const PAGE_ROOMS_MAX: usize = 1_000;
/// How many words of a search count.
const SEARCH_WORDS_MAX: usize = 16;

/// Which part of the directory is wanted.
#[derive(Clone, Debug, Default)]
pub struct DirectoryRequest {
    /// How many rooms at most.
    pub limit: Option<usize>,
    /// The token of another page.
    pub since: Option<String>,
    /// Only rooms whose name, topic or alias holds every one of these words.
    pub search: Option<String>,
    /// Only rooms of these types; none means all.
    pub room_types: Vec<RoomTypeFilter>,
    /// Which of the lists.
    pub network: RoomNetwork,
}

/// A page of the directory.
#[derive(Clone, Debug)]
pub struct DirectoryPage {
    /// The rooms.
    pub chunk: Vec<PublicRoomsChunk>,
    /// The page after this one.
    pub next_batch: Option<String>,
    /// The page before this one.
    pub prev_batch: Option<String>,
    /// About how many rooms there are, searched or not.
    pub total: usize,
}

/// The place of a room in the directory: the most members first.
type Rank = (Reverse<u64>, RoomSid);

/// Where a page starts.
enum Since {
    /// Behind a room.
    Behind(Rank),
    /// The page that ends before a room.
    Before(Rank),
}

impl Rooms {
    /// `/publicRooms`: a page of the directory.
    pub fn public_rooms(&self, request: &DirectoryRequest) -> Result<DirectoryPage, ReadError> {
        let listed = self.directory_entries(&request.network)?;
        let words: Vec<String> = request
            .search
            .as_deref()
            .map(|search| fold(search).split_whitespace().take(SEARCH_WORDS_MAX).map(str::to_owned).collect())
            .unwrap_or_default();
        let fits = |entry: &&Arc<Entry>| {
            let kind = entry.chunk.room_type.as_ref().map(|kind| kind.as_str());
            let kind_fits = request.room_types.is_empty()
                || request.room_types.iter().any(|wanted| wanted.as_str() == kind);
            kind_fits && words.iter().all(|word| entry.text.contains(word))
        };
        let found: Vec<&Arc<Entry>> = listed.iter().filter(fits).collect();
        let limit = request.limit.unwrap_or(PAGE_ROOMS_DEFAULT).clamp(1, PAGE_ROOMS_MAX);
        let rank = |entry: &&Arc<Entry>| entry.rank();
        let (start, end) = match request.since.as_deref().map(Since::parse).transpose()? {
            None => (0, limit),
            Some(Since::Behind(last)) => {
                let start = found.partition_point(|entry| rank(entry) <= last);
                (start, start.saturating_add(limit))
            }
            Some(Since::Before(first)) => {
                let end = found.partition_point(|entry| rank(entry) < first);
                (end.saturating_sub(limit), end)
            }
        };
        let end = end.min(found.len());
        let page = &found[start.min(end)..end];
        let next = page.last().filter(|_| end < found.len()).map(|last| Since::Behind(last.rank()));
        let previous = page.first().filter(|_| start > 0).map(|first| Since::Before(first.rank()));
        Ok(DirectoryPage {
            chunk: page.iter().map(|entry| entry.chunk.clone()).collect(),
            next_batch: next.map(|next| next.to_token()),
            prev_batch: previous.map(|previous| previous.to_token()),
            total: listed.len(),
        })
    }
}

impl Since {
    fn parse(token: &str) -> Result<Self, UnknownToken> {
        let rank = |rest: &str| {
            let (joined, room) = rest.split_once('_')?;
            Some((Reverse(joined.parse().ok()?), RoomSid(room.parse().ok()?)))
        };
        let behind = token.strip_prefix("d1_n_").and_then(rank).map(Self::Behind);
        behind.or_else(|| token.strip_prefix("d1_p_").and_then(rank).map(Self::Before)).ok_or(UnknownToken)
    }

    fn to_token(&self) -> String {
        match self {
            Self::Behind((Reverse(joined), room)) => format!("d1_n_{joined}_{}", room.0),
            Self::Before((Reverse(joined), room)) => format!("d1_p_{joined}_{}", room.0),
        }
    }
}
