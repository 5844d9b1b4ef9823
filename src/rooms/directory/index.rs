//! The index behind the directory.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use kith_store::{ChangeKind, Direction, Error, Position, RoomSid, tables::aliases::PUBLISHED};
use parking_lot::Mutex;
use ruma::directory::{PublicRoomsChunk, RoomNetwork};
use unicode_normalization::UnicodeNormalization;

use super::Rank;
use crate::{Rooms, summary::is_open};

/// How many published rooms are listed.
const ROOMS_LISTED_MAX: usize = 100_000;

/// What is known of the published rooms.
#[derive(Default)]
pub(crate) struct DirectoryIndex(Mutex<Index>);

#[derive(Default)]
struct Index {
    /// Changes up to here are in the index; none before the first request.
    cursor: Option<Position>,
    /// Which rooms each network publishes.
    published: BTreeMap<String, BTreeSet<RoomSid>>,
    /// The published rooms; nothing for those that may not be listed as they are now.
    rooms: HashMap<RoomSid, Option<Arc<Entry>>>,
    /// The lists that were asked for since something changed last.
    lists: HashMap<Option<String>, Arc<Vec<Arc<Entry>>>>,
}

/// A room in the directory.
pub(super) struct Entry {
    pub(super) room: RoomSid,
    pub(super) joined: u64,
    pub(super) chunk: PublicRoomsChunk,
    /// What a search looks through, folded.
    pub(super) text: String,
}

impl Entry {
    pub(super) fn rank(&self) -> Rank {
        (Reverse(self.joined), self.room)
    }
}

impl Rooms {
    /// The rooms of a list, in their order.
    pub(super) fn directory_entries(&self, network: &RoomNetwork) -> Result<Arc<Vec<Arc<Entry>>>, Error> {
        let network = match network {
            RoomNetwork::Matrix => Some(String::new()),
            RoomNetwork::ThirdParty(id) => Some(id.clone()),
            RoomNetwork::All => None,
        };
        let mut index = self.reading.directory.0.lock();
        self.refresh_directory(&mut index)?;
        if let Some(list) = index.lists.get(&network) {
            return Ok(Arc::clone(list));
        }
        let rooms: BTreeSet<RoomSid> = match &network {
            Some(network) => index.published.get(network).cloned().unwrap_or_default(),
            None => index.published.values().flatten().copied().collect(),
        };
        let mut list: Vec<Arc<Entry>> =
            rooms.iter().filter_map(|room| index.rooms.get(room).cloned().flatten()).collect();
        list.sort_by_key(|entry| entry.rank());
        let list = Arc::new(list);
        // Names of networks come from clients; only those that exist are kept.
        if network.as_ref().is_none_or(|network| index.published.contains_key(network)) {
            index.lists.insert(network, Arc::clone(&list));
        }
        Ok(list)
    }

    /// Reads go to the newest rows: what the ring told is in them.
    fn refresh_directory(&self, index: &mut Index) -> Result<(), Error> {
        let visible = self.store.visible();
        let changed = self.rooms_changed_since(index.cursor);
        let mut published: BTreeMap<String, BTreeSet<RoomSid>> = BTreeMap::new();
        for row in PUBLISHED.scan(self.store.engine(), &(), Direction::Forward).take(ROOMS_LISTED_MAX) {
            let ((network, room), ()) = row?;
            published.entry(network).or_default().insert(room);
        }
        let rooms: BTreeSet<RoomSid> = published.values().flatten().copied().collect();
        let mut stale = published != index.published;
        index.rooms.retain(|room, _| rooms.contains(room));
        for room in rooms {
            let known = index.rooms.contains_key(&room);
            if !known || changed.as_ref().is_none_or(|changed| changed.contains(&room)) {
                index.rooms.insert(room, self.directory_entry(room)?);
                stale = true;
            }
        }
        if stale {
            index.lists.clear();
        }
        index.published = published;
        index.cursor = Some(visible);
        Ok(())
    }

    /// The rooms in which something happened, or `None` where that cannot be told any more.
    fn rooms_changed_since(&self, cursor: Option<Position>) -> Option<HashSet<RoomSid>> {
        let changes = self.store.changes().since(cursor?)?;
        let room_of = |kind: &ChangeKind| match kind {
            ChangeKind::Event { room, .. } => Some(*room),
            _ => None,
        };
        Some(changes.iter().filter_map(|change| room_of(&change.kind)).collect())
    }

    /// A published room shows if somebody is in it and it can be joined or read without an invite.
    fn directory_entry(&self, room: RoomSid) -> Result<Option<Arc<Entry>>, Error> {
        let Some(heads) = self.find_heads(room)? else { return Ok(None) };
        let summary = self.summary(self.store.engine(), room, &heads)?;
        if heads.joined == 0 || !(is_open(&summary) || summary.world_readable) || self.is_blocked(room)? {
            return Ok(None);
        }
        let alias = summary.canonical_alias.as_ref().map(|alias| alias.as_str());
        let texts = [summary.name.as_deref(), summary.topic.as_deref(), alias];
        let text = texts.into_iter().flatten().map(fold).collect::<Vec<_>>().join("\n");
        Ok(Some(Arc::new(Entry { room, joined: heads.joined, chunk: summary.into(), text })))
    }
}

/// Texts that look alike become alike: upper and lower case, wide and narrow forms.
pub(super) fn fold(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).collect()
}
