//! Candidates in the eyes of the searcher: which of them may be shown, and how.

use std::collections::{BTreeMap, HashMap, HashSet};

use kith_rooms::{RoomView, Rooms, Seen, Viewer, filter::RoomEventFilter, render::Form};
use kith_store::{Error, EventSid, Read, RoomSid};

use super::{CONTEXT_EVENTS_MAX, ContextLimits, FoundEvent};
use crate::{Search, index::Hit, text};

/// What may be shown of the candidates.
pub(super) struct Judged<'a> {
    read: &'a dyn Read,
    viewer: &'a Viewer,
    views: HashMap<RoomSid, RoomView<'a>>,
    /// Best first.
    pub(super) found: Vec<Found>,
    /// There were more candidates than are looked at.
    pub(super) truncated: bool,
}

/// A candidate that may be shown.
pub(super) struct Found {
    pub(super) hit: Hit,
    pub(super) seen: Seen,
}

impl<'a> Judged<'a> {
    pub(super) fn new(read: &'a dyn Read, viewer: &'a Viewer) -> Self {
        Self { read, viewer, views: HashMap::new(), found: Vec::new(), truncated: false }
    }

    /// Keeps what the viewer may see and the filter lets through.
    pub(super) fn judge(
        &mut self,
        rooms: &'a Rooms,
        hits: Vec<Hit>,
        filter: &RoomEventFilter,
    ) -> Result<(), Error> {
        let mut by_room: BTreeMap<RoomSid, Vec<EventSid>> = BTreeMap::new();
        for hit in &hits {
            let events = by_room.entry(hit.room).or_default();
            events.push(hit.event);
            if hit.source != hit.event {
                events.push(hit.source);
            }
        }
        let mut visible: HashMap<EventSid, Seen> = HashMap::new();
        for (room, events) in by_room {
            let view = rooms.view(self.read, room, self.viewer)?;
            // Of what erased users wrote, nothing is found any more.
            let seen = view.look(&events)?.into_iter().flatten().filter(|seen| !seen.redacted);
            visible.extend(seen.map(|seen| (seen.event, seen)));
            self.views.insert(room, view);
        }
        // Rooms were chosen before: those that a named room replaces count too.
        let filter = RoomEventFilter { rooms: None, ..filter.clone() };
        let related =
            filter.asks_for_relations() || filter.rel_types.is_some() || !filter.not_rel_types.is_empty();
        let mut known = HashSet::new();
        for hit in hits {
            // Whoever may not see the edit must not find the message by it.
            let (Some(seen), true) = (visible.get(&hit.event), visible.contains_key(&hit.source)) else {
                continue;
            };
            // What was redacted a moment ago may still be in the index.
            if seen.meta.redacted_by.is_some() || !known.insert(hit.event) {
                continue;
            }
            if related && !rooms.matches_filter(self.read, &filter, hit.event, &rooms.pdu(hit.event)?)? {
                continue;
            }
            self.found.push(Found { hit, seen: seen.clone() });
        }
        Ok(())
    }

    pub(super) fn page(&self, limit: usize) -> &[Found] {
        &self.found[..limit.min(self.found.len())]
    }

    /// Whether there is anything behind so many results.
    pub(super) fn has_more(&self, shown: usize) -> bool {
        shown > 0 && (self.found.len() > shown || self.truncated)
    }

    /// What was searched of the results.
    pub(super) fn texts(&self, search: &Search, page: &[Found]) -> Result<Vec<String>, Error> {
        let mut texts = Vec::with_capacity(page.len());
        for found in page {
            texts.extend(text::text_of_found(&search.rooms.pdu(found.hit.source)?));
        }
        Ok(texts)
    }

    /// The results as the client gets them.
    pub(super) fn render(
        &self,
        page: &[Found],
        context: Option<ContextLimits>,
    ) -> Result<Vec<FoundEvent>, Error> {
        let mut results = Vec::with_capacity(page.len());
        for found in page {
            let Some(view) = self.views.get(&found.hit.room) else { continue };
            let Some(event) = view.render(vec![found.seen.clone()], Form::ALONE)?.pop() else { continue };
            let context = match context {
                Some(ContextLimits { before, after }) => view.found_context(
                    &found.seen,
                    before.min(CONTEXT_EVENTS_MAX),
                    after.min(CONTEXT_EVENTS_MAX),
                )?,
                None => None,
            };
            results.push(FoundEvent { rank: found.hit.rank(), event, context });
        }
        Ok(results)
    }
}
