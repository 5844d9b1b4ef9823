//! The events a user was notified of, newest first: for the list that clients show, and for pushers that have to catch
//! up. <https://spec.matrix.org/v1.19/client-server-api/#listing-notifications>

use std::collections::{HashMap, HashSet};

use kith_accounts::Requester;
use kith_store::{
    Direction, Error, EventSid, Position, Read, RoomSid, UserSid,
    tables::{
        events::{EVENT_META, EventMeta, Verdict},
        members::{MEMBERSHIPS, Membership},
        rooms::{self, TIMELINE},
    },
};
use ruma::{UserId, push::Action};

use crate::{Push, context::RoomContext, evaluate};

/// How many events one page looks at, shown or not.
const LOOKED_AT_EVENTS_MAX: usize = 2_000;
/// How many notifications one page may hold.
const PAGE_MAX: usize = 100;

/// One event that the user was notified of.
#[derive(Clone, Debug)]
pub struct Notified {
    /// Its room.
    pub room: RoomSid,
    /// The event.
    pub event: EventSid,
    /// Where it stands.
    pub position: Position,
    /// What the rules said.
    pub actions: Vec<Action>,
    /// Whether the user has read it.
    pub read: bool,
    /// When it was sent, unix milliseconds.
    pub timestamp_ms: u64,
}

/// A page of them.
#[derive(Clone, Debug, Default)]
pub struct NotificationPage {
    /// Newest first.
    pub notifications: Vec<Notified>,
    /// Where the next page begins, if there may be one.
    pub next: Option<Position>,
}

/// Which notifications are looked for.
pub(crate) struct Wanted<'a> {
    pub(crate) user: UserSid,
    pub(crate) user_id: &'a UserId,
    /// Only what came behind this …
    pub(crate) after: Position,
    /// … and before this.
    pub(crate) before: Position,
    pub(crate) count_max: usize,
    pub(crate) only_highlights: bool,
    pub(crate) only_unread: bool,
}

/// What is known while the events of several rooms are looked at, the newest first.
struct Search<'a> {
    push: &'a Push,
    view: &'a dyn Read,
    wanted: &'a Wanted<'a>,
    ignored: HashSet<UserSid>,
    contexts: HashMap<RoomSid, RoomContext<'a>>,
    /// Rooms and threads in which the user has written since: whoever writes has read what is above.
    answered: HashSet<(RoomSid, Option<EventSid>)>,
}

impl Push {
    /// Notifications before `from` (newest first), of every room the user is in now.
    pub fn notifications(
        &self,
        requester: &Requester,
        from: Option<Position>,
        limit: usize,
        only_highlights: bool,
    ) -> Result<NotificationPage, Error> {
        let view = self.store.read();
        let wanted = Wanted {
            user: requester.user,
            user_id: &requester.user_id,
            after: Position::START,
            before: from.unwrap_or_else(|| self.store.visible().next()),
            count_max: limit.clamp(1, PAGE_MAX),
            only_highlights,
            only_unread: false,
        };
        self.find_notified(&*view, &wanted)
    }

    /// One page of the notifications that are wanted.
    pub(crate) fn find_notified(
        &self,
        view: &dyn Read,
        wanted: &Wanted<'_>,
    ) -> Result<NotificationPage, Error> {
        let mut streams = Vec::new();
        for room in self.rooms.joined_rooms(wanted.user)? {
            if rooms::get_heads(view, room)?.position <= wanted.after {
                continue;
            }
            let membership = MEMBERSHIPS.get(view, &(wanted.user, room))?;
            let Some(joined) = membership.filter(|row| row.membership == Membership::Join) else { continue };
            let first = (room, joined.position.max(wanted.after).next());
            let rows = TIMELINE.range(view, &first, &(room, wanted.before), Direction::Backward);
            streams.push(rows.peekable());
        }
        let mut search = Search {
            push: self,
            view,
            wanted,
            ignored: self.rooms.ignored_users(view, wanted.user)?,
            contexts: HashMap::new(),
            answered: HashSet::new(),
        };
        let mut page = NotificationPage::default();
        for _ in 0..LOOKED_AT_EVENTS_MAX {
            // The newest event that no room's stream has given yet.
            let newest = streams.iter_mut().filter_map(|stream| {
                let position = stream.peek()?.as_ref().map_or(Position::END, |((_, position), _)| *position);
                Some((position, stream))
            });
            let Some((position, stream)) = newest.max_by_key(|(position, _)| *position) else {
                page.next = None;
                return Ok(page);
            };
            if page.notifications.len() == wanted.count_max {
                page.next = Some(position.next());
                return Ok(page);
            }
            let Some(row) = stream.next() else { continue };
            let ((room, position), event) = row?;
            page.next = Some(position);
            page.notifications.extend(search.look_at(room, position, event)?);
        }
        Ok(page)
    }
}

impl Search<'_> {
    /// The event, if it is one of those that are wanted.
    fn look_at(
        &mut self,
        room: RoomSid,
        position: Position,
        event: EventSid,
    ) -> Result<Option<Notified>, Error> {
        let Some(meta) = EVENT_META.get(self.view, &event)? else { return Ok(None) };
        let (wanted, thread) = (self.wanted, thread_of(&meta));
        if meta.sender == wanted.user && meta.state_key.is_none() {
            self.answered.insert((room, thread));
        }
        let taken_away = meta.verdict != Verdict::Accepted || meta.redacted_by.is_some();
        if meta.sender == wanted.user || self.ignored.contains(&meta.sender) || taken_away {
            return Ok(None);
        }
        let ruleset = self.push.ruleset(wanted.user, wanted.user_id)?;
        let flattened = self.push.flattened(event)?;
        let actions = evaluate::actions(&ruleset, &flattened, self.context(room)?.of(wanted.user_id)?);
        if !actions.iter().any(Action::should_notify)
            || wanted.only_highlights && !actions.iter().any(Action::is_highlight)
        {
            return Ok(None);
        }
        let read = self.answered.contains(&(room, thread))
            || self.push.is_read(self.view, wanted.user, room, thread, position)?;
        let actions = actions.to_vec();
        let notified = Notified { room, event, position, actions, read, timestamp_ms: meta.timestamp_ms };
        Ok(Some(notified).filter(|notified| !(wanted.only_unread && notified.read)))
    }
}

impl<'a> Search<'a> {
    fn context(&mut self, room: RoomSid) -> Result<&mut RoomContext<'a>, Error> {
        Ok(match self.contexts.entry(room) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(new) => {
                let joined = rooms::get_heads(self.view, room)?.joined;
                new.insert(self.push.room_context(room, joined)?)
            }
        })
    }
}

/// The thread that an event belongs to.
pub(crate) fn thread_of(meta: &EventMeta) -> Option<EventSid> {
    meta.place.as_ref().and_then(|place| place.thread)
}
