//! A room of an answer: everything about it, or what changed since the connection was last told.

use kith_event::client_format::RoomIdIn;
use kith_rooms::{filter::RoomEventFilter, visibility::RoomView};
use kith_store::{
    Direction, Error, EventSid, Position, RoomSid,
    tables::{
        members::{MEMBERSHIPS, Membership},
        rooms::{ROOMS, TIMELINE},
    },
};

use super::{
    connection::Connection,
    request::RoomConfig,
    required_state::RequiredState,
    response::{Hero, Room},
    room_list::Entry,
};
use crate::{
    SyncFilter,
    filter::RoomFilter,
    moment::Moment,
    streams::{
        outside,
        state::StateSpan,
        timeline::{Stretch, Timeline},
    },
};

/// The events that make a room worth a look, so that it moves up in a client's list.
const BUMPS: [&str; 10] = [
    "m.room.create",
    "m.room.message",
    "m.room.encrypted",
    "m.sticker",
    "m.call.invite",
    "m.poll.start",
    "org.matrix.msc3381.poll.start",
    "m.beacon_info",
    "org.matrix.msc3672.beacon_info",
    "m.call.notify",
];
/// How many events are looked through for the newest that counts.
const BUMP_EVENTS_LOOKED_AT_MAX: usize = 100;

/// What is to be told of a room.
pub(super) struct Telling<'a> {
    pub(super) room: RoomSid,
    pub(super) entry: &'a Entry,
    pub(super) config: &'a RoomConfig,
    /// Up to where the client knows the room.
    pub(super) known: Option<Position>,
    /// What was required when it was told last, if that is less than now.
    pub(super) required_before: Option<RequiredState>,
    /// The client wants more of the past than before.
    pub(super) expanded: bool,
}

impl<'a> Telling<'a> {
    /// What is to be told of a room, or nothing.
    pub(super) fn find(
        moment: &Moment<'_>,
        room: RoomSid,
        entry: &'a Entry,
        config: &'a RoomConfig,
        connection: &Connection,
    ) -> Result<Option<Self>, Error> {
        let whole = Self { room, entry, config, known: None, required_before: None, expanded: false };
        let Some(told) = connection.told(room) else { return Ok(Some(whole)) };
        let expanded = config.timeline_limit > told.timeline_limit;
        let before = connection.required_state(told);
        let wider = config.required_state.iter().any(|entry| before.binary_search(entry).is_err());
        if entry.changed <= told.upto && !expanded && !wider {
            return Ok(None);
        }
        // To a client that knew the room from outside, or from before it was left, the room is new.
        let is_inside = entry.membership == Membership::Join;
        if is_inside && !moment.was_joined(room, told.upto)? {
            return Ok(Some(whole));
        }
        let own = moment.viewer.user_id.as_deref();
        let required_before = wider.then(|| RequiredState::new(before, own));
        Ok(Some(Self { known: Some(told.upto), required_before, expanded, ..whole }))
    }
}

impl Moment<'_> {
    /// A room as the client gets it.
    pub(super) fn told_room(&self, telling: &Telling<'_>) -> Result<Room, Error> {
        match telling.entry.membership {
            Membership::Join => self.room_inside(telling, self.until),
            Membership::Invite | Membership::Knock => self.room_outside(telling),
            Membership::Leave | Membership::Ban if ROOMS.contains(self.read, &telling.room)? => {
                self.room_inside(telling, telling.entry.since)
            }
            Membership::Leave | Membership::Ban => Ok(Room { initial: true, ..Room::default() }),
        }
    }

    fn room_outside(&self, telling: &Telling<'_>) -> Result<Room, Error> {
        let record = MEMBERSHIPS.get(self.read, &(self.user, telling.room))?;
        let Some(record) = record else { return Ok(Room::default()) };
        let stripped = record.stripped_state.as_deref().unwrap_or("[]");
        let summary = self.rooms().summary_of_stripped(telling.room, stripped)?;
        Ok(Room {
            name: summary.name,
            avatar: summary.avatar_url.map(|url| Some(url.to_string())),
            is_dm: telling.entry.is_direct,
            initial: true,
            invite_state: Some(outside::stripped_state(&record).events),
            bump_stamp: Some(record.position.0),
            ..Room::default()
        })
    }

    /// A room that the user is in, or was in up to `upto`.
    fn room_inside(&self, telling: &Telling<'_>, upto: Position) -> Result<Room, Error> {
        let room = telling.room;
        let limit = telling.config.timeline_limit;
        let timeline_filter = RoomEventFilter { limit: Some(limit), ..RoomEventFilter::default() };
        let room_filter = RoomFilter { timeline: timeline_filter, ..RoomFilter::default() };
        let filter = SyncFilter { room: room_filter, ..SyncFilter::default() };
        let moment = Moment { filter: &filter, ..*self };
        let view = self.rooms().view(self.read, room, self.viewer)?;
        let now = self.state_at(room, upto)?.unwrap_or_default();
        let span = self.state_span(room, telling.known, now)?;
        let after = if telling.expanded { None } else { telling.known };
        let timeline = moment.timeline(&view, &Stretch { after, upto, admits: &|_| true, leads_to: None })?;
        let required = RequiredState::new(&telling.config.required_state, self.viewer.user_id.as_deref());
        let state = self.required_state(&span, &required, telling.required_before.as_ref(), &timeline)?;
        let live = |position: Position| telling.known.is_some_and(|known| position > known);
        let positions = || timeline.events.iter().filter_map(|seen| seen.meta.place.as_ref()?.position);
        let told = Room {
            is_dm: telling.entry.is_direct,
            initial: telling.known.is_none(),
            expanded_timeline: telling.expanded && telling.known.is_some(),
            num_live: Some(positions().filter(|position| live(*position)).count() as u64),
            bump_stamp: self.bump_stamp(telling, &timeline)?,
            ..Room::default()
        };
        let told = self.add_names(&view, &span, told)?;
        let told = self.add_counts(telling, told)?;
        let shown = timeline.events.iter().map(|seen| seen.event).collect();
        let required_state = view.render_state(&state, RoomIdIn::Context)?;
        let timeline = moment.render_timeline(&view, timeline)?;
        Ok(Room {
            required_state: Some(required_state).filter(|state| !state.is_empty()),
            prev_batch: timeline.prev_batch.filter(|_| !timeline.events.is_empty() || timeline.limited),
            limited: Some(timeline.limited),
            timeline: Some(timeline.events).filter(|events| !events.is_empty()),
            shown,
            ..told
        })
    }

    /// How the room is called and who is in it, as far as that is news.
    fn add_names(&self, view: &RoomView<'_>, span: &StateSpan, told: Room) -> Result<Room, Error> {
        let changed = |kind: &str| self.entry_changed(span, kind);
        let states = self.rooms().state_at(span.room, span.now);
        let mut told = told;
        if changed("m.room.name")? {
            told.name = states.get(&"m.room.name".into(), "")?.and_then(|pdu| pdu.content_field("name"));
        }
        if changed("m.room.avatar")? {
            let url = states.get(&"m.room.avatar".into(), "")?.and_then(|pdu| pdu.content_field("url"));
            // That there is none is news only to a client that had one.
            told.avatar = Some(url).filter(|url: &Option<String>| url.is_some() || span.known.is_some());
        }
        let summary = self.summary(view, span)?;
        (told.joined_count, told.invited_count) = (summary.joined, summary.invited);
        if let Some(heroes) = summary.heroes {
            let mut known = Vec::with_capacity(heroes.len());
            for user in heroes {
                let user_id = self.sync.store.ids().user_id(user)?;
                let member = states.get(&"m.room.member".into(), user_id.as_str())?;
                known.push(Hero {
                    user_id,
                    displayname: member.as_ref().and_then(|pdu| pdu.content_field("displayname")),
                    avatar_url: member.as_ref().and_then(|pdu| pdu.content_field("avatar_url")),
                });
            }
            told.heroes = Some(known);
        }
        Ok(told)
    }

    fn add_counts(&self, telling: &Telling<'_>, told: Room) -> Result<Room, Error> {
        if telling.entry.membership != Membership::Join {
            return Ok(told);
        }
        let (unread, _) = self.unread(telling.room)?;
        Ok(Room {
            notification_count: unread.notification_count,
            highlight_count: unread.highlight_count,
            ..told
        })
    }

    /// Whether an entry with an empty state key is news.
    fn entry_changed(&self, span: &StateSpan, kind: &str) -> Result<bool, Error> {
        let Some(known) = &span.known else { return Ok(true) };
        let key = self.sync.store.ids().find_state_key(kind, "")?;
        Ok(key.is_some_and(|key| known.changed.iter().any(|(changed, ..)| *changed == key)))
    }

    /// Where the newest event stands that makes the room worth a look; nothing if that is no news.
    fn bump_stamp(&self, telling: &Telling<'_>, timeline: &Timeline) -> Result<Option<u64>, Error> {
        for seen in timeline.events.iter().rev() {
            if let (true, Some(place)) = (self.bumps(seen.event)?, &seen.meta.place) {
                return Ok(place.position.map(|position| position.0));
            }
        }
        if telling.known.is_some() {
            return Ok(None);
        }
        let rows = TIMELINE.scan(self.read, &(telling.room,), Direction::Backward);
        for row in rows.take(BUMP_EVENTS_LOOKED_AT_MAX) {
            let ((_, position), event) = row?;
            if position <= self.until && self.bumps(event)? {
                return Ok(Some(position.0));
            }
        }
        Ok(Some(telling.entry.since.0))
    }

    fn bumps(&self, event: EventSid) -> Result<bool, Error> {
        Ok(BUMPS.contains(&&*self.rooms().pdu(event)?.kind_text()))
    }
}
