//! Searching messages. <https://spec.matrix.org/v1.19/client-server-api/#server-side-search>
//!
//! The index names candidates; whether the searcher may see each of them is judged by the room domain as for every
//! other read. Candidates are judged before they are counted, so that not even a number tells of what is hidden.

mod found;
mod groups;
mod rooms;

use std::{collections::BTreeMap, sync::Arc};

use kith_rooms::{Viewer, filter::RoomEventFilter, timeline::FoundContext};
use kith_store::{Error, Read, UserSid};
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId, UserId};
use serde_json::value::RawValue;

use self::found::Judged;
use crate::{
    IndexError, Search,
    highlights::highlights,
    index::{Gather, Index},
    query::{Conditions, Wanted},
    token::{Continuation, Group},
};
pub use crate::{index::Order, text::Kind};

/// How many results an answer has unless the client says otherwise, and at most.
const RESULTS_DEFAULT: usize = 10;
const RESULTS_MAX: usize = 100;
/// How many candidates one request looks at. Beyond, the count of results is a lower bound.
const CANDIDATES_MAX: usize = 1_000;
/// How many events of context each result has at most, before it and after it.
const CONTEXT_EVENTS_MAX: usize = 20;

/// What somebody searches for.
#[derive(Clone, Debug, Default)]
pub struct EventSearch {
    /// What they typed.
    pub term: String,
    /// What is searched.
    pub kinds: Vec<Kind>,
    /// Which events count.
    pub filter: RoomEventFilter,
    /// Which results come first.
    pub order: Order,
    /// How much of the conversation around each result is wanted.
    pub context: Option<ContextLimits>,
    /// The states of the results' rooms are wanted too.
    pub include_state: bool,
    /// Which groups are wanted.
    pub group_by: Vec<GroupBy>,
    /// Where to go on.
    pub from: Option<String>,
}

/// How much around a result is wanted.
#[derive(Clone, Copy, Debug)]
pub struct ContextLimits {
    /// Events before it.
    pub before: usize,
    /// Events after it.
    pub after: usize,
}

/// How results are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupBy {
    /// By their room.
    Room,
    /// By their sender.
    Sender,
}

/// What was found.
#[derive(Debug, Default)]
pub struct EventResults {
    /// About how many results there are in all.
    pub count: u64,
    /// The words to highlight.
    pub highlights: Vec<String>,
    /// The results in the wanted order.
    pub results: Vec<FoundEvent>,
    /// The states of the results' rooms, if wanted.
    pub state: Option<BTreeMap<OwnedRoomId, Vec<Box<RawValue>>>>,
    /// The groups, if wanted: by room, by sender.
    pub rooms: Option<BTreeMap<OwnedRoomId, FoundGroup>>,
    /// The same by sender.
    pub senders: Option<BTreeMap<OwnedUserId, FoundGroup>>,
    /// Where to go on, if there is more.
    pub next_batch: Option<String>,
}

/// One result.
#[derive(Debug)]
pub struct FoundEvent {
    /// How well it matches; zero in order of time.
    pub rank: f32,
    /// The event.
    pub event: Box<RawValue>,
    /// What stands around it, if wanted.
    pub context: Option<FoundContext>,
}

/// Results that belong together.
#[derive(Debug)]
pub struct FoundGroup {
    /// Which place the group has among the others.
    pub order: u32,
    /// Its events among the results.
    pub results: Vec<OwnedEventId>,
    /// Where to go on within the group, if there is more.
    pub next_batch: Option<String>,
}

/// Why a search fails.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The operator wants no index.
    #[error("searching messages is switched off on this server")]
    Disabled,
    /// The token is not one of these.
    #[error("the token is not one of this search's")]
    UnknownToken,
    /// The index does not work.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Search {
    /// Searches messages as a viewer may see them.
    pub fn events(&self, viewer: &Viewer, search: &EventSearch) -> Result<EventResults, SearchError> {
        let index = self.index.as_ref().ok_or(SearchError::Disabled)?;
        let from = match &search.from {
            Some(token) => Some(Continuation::parse(token).ok_or(SearchError::UnknownToken)?),
            None => None,
        };
        if from.is_some_and(|from| from.order != search.order) {
            return Err(SearchError::UnknownToken);
        }
        let view = self.store.read();
        let wanted = Wanted::parse(&search.term);
        let judged = self.candidates(&*view, viewer, search, index, &wanted, from)?;
        let limit =
            search.filter.limit.map_or(RESULTS_DEFAULT, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let page = judged.page(limit.min(RESULTS_MAX));
        let given = from.map_or(0, |from| from.given);
        let continued =
            |group, given, after| Continuation { order: search.order, group, given, after }.to_string();
        let mut results = EventResults {
            count: given + judged.found.len() as u64,
            next_batch: page.last().filter(|_| judged.has_more(page.len())).map(|last| {
                continued(from.and_then(|from| from.group), given + page.len() as u64, last.hit.mark)
            }),
            ..EventResults::default()
        };
        let texts = judged.texts(self, page)?;
        results.highlights = highlights(&wanted, &search.term, texts.iter().map(String::as_str));
        results.results = judged.render(page, search.context)?;
        if search.include_state {
            results.state = Some(self.states(&*view, viewer, page)?);
        }
        self.group(search, &judged, page, &continued, &mut results)?;
        Ok(results)
    }

    /// What the viewer may see of what the index finds, best first.
    fn candidates<'a>(
        &'a self,
        read: &'a dyn Read,
        viewer: &'a Viewer,
        search: &EventSearch,
        index: &Index,
        wanted: &Wanted,
        from: Option<Continuation>,
    ) -> Result<Judged<'a>, SearchError> {
        let mut rooms = self.searched_rooms(read, viewer, &search.filter)?;
        let mut conditions = self.conditions(search)?;
        match from.and_then(|from| from.group) {
            Some(Group::Room(room)) => rooms.retain(|known| *known == room),
            Some(Group::Sender(sender)) => match &mut conditions.senders {
                Some(senders) => senders.retain(|known| *known == sender),
                None => conditions.senders = Some(vec![sender]),
            },
            None => {}
        }
        let mut judged = Judged::new(read, viewer);
        let query = wanted.query(&index.fields, &conditions, rooms.iter().copied());
        let Some(query) = query.filter(|_| !rooms.is_empty() && !search.filter.allows_nothing()) else {
            return Ok(judged);
        };
        let gather = Gather {
            rooms: Arc::new(rooms),
            order: search.order,
            after: from.map(|from| from.after),
            limit: CANDIDATES_MAX,
        };
        let hits = index.search(&query, &gather)?;
        judged.truncated = hits.len() == CANDIDATES_MAX;
        judged.judge(&self.rooms, hits, &search.filter)?;
        Ok(judged)
    }

    fn conditions(&self, search: &EventSearch) -> Result<Conditions, Error> {
        let filter = &search.filter;
        let kinds = search.kinds.iter().filter(|kind| filter.allows_type(kind.event_type()));
        Ok(Conditions {
            kinds: kinds.copied().collect(),
            senders: filter.senders.as_ref().map(|senders| self.known(senders)).transpose()?,
            not_senders: self.known(&filter.not_senders)?,
            has_url: filter.contains_url,
        })
    }

    /// The numbers of users; who has none has never said anything.
    fn known(&self, users: &[OwnedUserId]) -> Result<Vec<UserSid>, Error> {
        let find = |user: &OwnedUserId| -> Result<Option<UserSid>, Error> {
            let user: &UserId = user;
            self.store.ids().find_user(user)
        };
        users.iter().filter_map(|user| find(user).transpose()).collect()
    }
}
