//! Results by room and by sender, each group with a way on of its own, and the states of the results' rooms.

use std::collections::BTreeMap;

use kith_rooms::{ReadError, Viewer};
use kith_store::{Error, Read};
use ruma::OwnedRoomId;
use serde_json::value::RawValue;

use super::{
    EventResults, EventSearch, FoundGroup, GroupBy,
    found::{Found, Judged},
};
use crate::{Search, index::Mark, token::Group};

impl Search {
    /// Puts the wanted groups into the answer.
    pub(super) fn group(
        &self,
        search: &EventSearch,
        judged: &Judged<'_>,
        page: &[Found],
        continued: &dyn Fn(Option<Group>, u64, Mark) -> String,
        results: &mut EventResults,
    ) -> Result<(), Error> {
        let ids = self.store.ids();
        for by in &search.group_by {
            let (mut rooms, mut senders) = (BTreeMap::new(), BTreeMap::new());
            for (group, found) in self.groups(*by, judged, page, continued)? {
                match group {
                    Group::Room(room) => drop(rooms.insert(ids.room_id(room)?, found)),
                    Group::Sender(sender) => drop(senders.insert(ids.user_id(sender)?, found)),
                }
            }
            match by {
                GroupBy::Room => results.rooms = Some(rooms),
                GroupBy::Sender => results.senders = Some(senders),
            }
        }
        Ok(())
    }

    fn groups(
        &self,
        by: GroupBy,
        judged: &Judged<'_>,
        page: &[Found],
        continued: &dyn Fn(Option<Group>, u64, Mark) -> String,
    ) -> Result<BTreeMap<Group, FoundGroup>, Error> {
        let mut groups: BTreeMap<Group, FoundGroup> = BTreeMap::new();
        let mut last: BTreeMap<Group, Mark> = BTreeMap::new();
        for found in page {
            let next = u32::try_from(groups.len()).unwrap_or(u32::MAX).saturating_add(1);
            let group = of(by, found);
            let entry = groups.entry(group).or_insert_with(|| FoundGroup {
                order: next,
                results: Vec::new(),
                next_batch: None,
            });
            entry.results.push(self.store.ids().event_id(found.hit.event)?);
            last.insert(group, found.hit.mark);
        }
        let behind = &judged.found[page.len()..];
        for (group, entry) in &mut groups {
            let has_more = judged.truncated || behind.iter().any(|found| of(by, found) == *group);
            if let Some(mark) = last.get(group).filter(|_| has_more) {
                entry.next_batch = Some(continued(Some(*group), entry.results.len() as u64, *mark));
            }
        }
        Ok(groups)
    }

    /// The states of the results' rooms, as the viewer may read them.
    pub(super) fn states(
        &self,
        read: &dyn Read,
        viewer: &Viewer,
        page: &[Found],
    ) -> Result<BTreeMap<OwnedRoomId, Vec<Box<RawValue>>>, Error> {
        let mut states = BTreeMap::new();
        for found in page {
            let room_id = self.store.ids().room_id(found.hit.room)?;
            if states.contains_key(&room_id) {
                continue;
            }
            match self.rooms.state_events(read, &room_id, viewer) {
                Ok(state) => drop(states.insert(room_id, state)),
                Err(ReadError::Store(error)) => return Err(error),
                // The viewer has been made to forget the room meanwhile.
                Err(_) => {}
            }
        }
        Ok(states)
    }
}

fn of(by: GroupBy, found: &Found) -> Group {
    match by {
        GroupBy::Room => Group::Room(found.hit.room),
        GroupBy::Sender => Group::Sender(found.seen.meta.sender),
    }
}
