//! The list of events a user was notified of, newest first.
//! <https://spec.matrix.org/v1.19/client-server-api/#listing-notifications>

use std::collections::HashSet;

use kith_accounts::Requester;
use kith_store::{
    Direction, EventSid, Position, RoomSid,
    tables::{
        events::{EVENT_META, Verdict},
        members::{MEMBERSHIPS, Membership},
        rooms::{self, TIMELINE},
    },
};
use ruma::push::Action;

use crate::{Push, evaluate};

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

impl Push {
    /// Notifications before `from` (newest first), of every room the user is in now.
    pub fn notifications(
        &self,
        requester: &Requester,
        from: Option<Position>,
        limit: usize,
        only_highlights: bool,
    ) -> Result<NotificationPage, kith_store::Error> {
        let view = self.store.read();
        let before = from.unwrap_or_else(|| self.store.visible().next());
        let mut streams = Vec::new();
        for room in self.rooms.joined_rooms(requester.user)? {
            let membership = MEMBERSHIPS.get(&*view, &(requester.user, room))?;
            let Some(joined) = membership.filter(|row| row.membership == Membership::Join) else { continue };
            let first = (room, joined.position.next());
            let rows = TIMELINE.range(&*view, &first, &(room, before), Direction::Backward);
            streams.push(rows.peekable());
        }
        let ruleset = self.ruleset(requester.user, &requester.user_id)?;
        let ignored = self.rooms.ignored_users(&*view, requester.user)?;
        let mut page = NotificationPage::default();
        let mut answered = HashSet::new();
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
            if page.notifications.len() == limit.clamp(1, PAGE_MAX) {
                page.next = Some(position.next());
                return Ok(page);
            }
            let Some(row) = stream.next() else { continue };
            let ((room, position), event) = row?;
            page.next = Some(position);
            let Some(meta) = EVENT_META.get(&*view, &event)? else { continue };
            let taken_away = meta.verdict != Verdict::Accepted || meta.redacted_by.is_some();
            let thread = meta.place.as_ref().and_then(|place| place.thread);
            // Whoever writes has read what is above.
            if meta.sender == requester.user && meta.state_key.is_none() {
                answered.insert((room, thread));
            }
            if meta.sender == requester.user || ignored.contains(&meta.sender) || taken_away {
                continue;
            }
            let joined = rooms::get_heads(&*view, room)?.joined;
            let context = self.context(room, &requester.user_id, joined)?;
            let flattened = self.flattened(event)?;
            let actions = evaluate::actions(&ruleset, &flattened, &context);
            let shown = actions.iter().any(Action::should_notify)
                && (!only_highlights || actions.iter().any(Action::is_highlight));
            if shown {
                let read = answered.contains(&(room, thread))
                    || self.is_read(&*view, requester.user, room, thread, position)?;
                let timestamp_ms = meta.timestamp_ms;
                page.notifications.push(Notified {
                    room,
                    event,
                    actions: actions.to_vec(),
                    read,
                    timestamp_ms,
                });
            }
        }
        Ok(page)
    }
}
