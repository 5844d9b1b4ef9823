//! The extension that tells sticky events, of every room that the user is in, whether or not a window shows it.
//! <https://github.com/matrix-org/matrix-spec-proposals/pull/4480>

use std::collections::{BTreeMap, BTreeSet};

use kith_rooms::render::Form;
use kith_store::{ChangeKind, EventSid, Position, RoomSid, tables::members::Membership};
use ruma::OwnedRoomId;

use super::{
    SlidingError,
    request::Sticky,
    response::{Room, StickyEvents},
    room_list::RoomList,
};
use crate::{moment::Moment, streams::sticky::STICKY_EVENTS_MAX, token};

/// How many events one answer has, beside those of rooms that the user has just come into, and if the client does not
/// say.
const TOLD_MAX: usize = 100;

impl Moment<'_> {
    /// The sticky events behind where the client is, oldest first, without those in the timelines of the same answer.
    pub(super) fn sticky_extension(
        &self,
        asked: &Sticky,
        list: &RoomList,
        told: &BTreeMap<OwnedRoomId, Room>,
    ) -> Result<Option<StickyEvents>, SlidingError> {
        let Some(limit) = asked.limited.limit(TOLD_MAX) else { return Ok(None) };
        let since = asked.since()?.min(self.until);
        let (mut news, mut by_room) = (Vec::new(), BTreeMap::<RoomSid, Vec<EventSid>>::new());
        for room in self.rooms_since(list, since) {
            let is_new = list.get(room).is_some_and(|entry| entry.since > since);
            let from = if is_new { Position::START } else { since };
            for (position, event) in
                self.rooms().sticky_events(self.read, room, from, self.until, STICKY_EVENTS_MAX)?
            {
                if position > since {
                    news.push((position, room, event));
                } else {
                    by_room.entry(room).or_default().push(event);
                }
            }
        }
        news.sort_unstable();
        let reached = news.get(limit).and_then(|_| news.get(limit - 1)).map_or(self.until, |last| last.0);
        for (_, room, event) in news.into_iter().take(limit) {
            by_room.entry(room).or_default().push(event);
        }
        let mut answer = StickyEvents { next_batch: token::of(reached), ..StickyEvents::default() };
        for (room, mut events) in by_room {
            let room_id = self.room_id(room)?;
            let shown: &[EventSid] = told.get(&room_id).map_or(&[], |told| told.shown.as_slice());
            events.retain(|event| !shown.contains(event));
            let view = self.rooms().view(self.read, room, self.viewer)?;
            let seen = view.look(&events)?.into_iter().flatten().collect();
            let events = view.render(seen, Form::IN_ROOM.without_relations())?;
            if !events.is_empty() {
                answer.rooms.insert(room_id, events.into());
            }
        }
        Ok(Some(answer))
    }

    /// The rooms that the user is in and in which something may have become sticky behind `since`.
    fn rooms_since(&self, list: &RoomList, since: Position) -> BTreeSet<RoomSid> {
        let is_joined =
            |room: &RoomSid| list.get(*room).is_some_and(|entry| entry.membership == Membership::Join);
        let Some(changes) = self.sync.store.changes().since(since) else {
            return list.in_order().map(|(room, _)| room).filter(is_joined).collect();
        };
        let changed = changes.iter().filter_map(|change| match change.kind {
            ChangeKind::Event { room, .. } | ChangeKind::Sticky { room } => Some(room),
            _ => None,
        });
        changed.filter(is_joined).collect()
    }
}
