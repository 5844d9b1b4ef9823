//! How many events a reader has not read in a room, and how many of those are meant for them.
//! <https://spec.matrix.org/v1.19/client-server-api/#receiving-notifications>
//!
//! Counts are made when they are asked for and kept: a further event costs each reader who looks one evaluation of
//! their rules. Of a long unread stretch only the newest [`EVALUATED_EVENTS_MAX`] events are evaluated one by one;
//! the older ones are counted by the room's running count of countable events and the rows of mentions.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use kith_store::{
    Direction, EventSid, Position, Read, RoomSid, UserSid,
    tables::{
        events::{self, EVENT_META, Verdict},
        members::{MEMBERSHIPS, Membership},
        mentions::{EVERYBODY, MENTIONS},
        receipts::{MAIN_THREAD, RECEIPTS, UNTHREADED},
        rooms::{self, TIMELINE},
    },
};
use quick_cache::sync::Cache;
use ruma::{UserId, events::TimelineEventType, push::PushConditionRoomCtx};

use crate::{
    Push,
    evaluate::{Says, says},
    rules::Rules,
    thread_rules,
};

/// How many unread events of a room are evaluated one by one.
const EVALUATED_EVENTS_MAX: usize = 1_000;
/// For how many pairs of reader and room the counts are kept.
pub(crate) const COUNTED_ROOMS_MAX: usize = 50_000;

pub(crate) type CountCache = Cache<(UserSid, RoomSid), Arc<Counted>>;

/// Two numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events that notify.
    pub notifications: u64,
    /// Those of them that highlight.
    pub highlights: u64,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.notifications += other.notifications;
        self.highlights += other.highlights;
    }
}

/// A reader's unread counts in a room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// Of the main timeline.
    pub main: Counts,
    /// Of each thread that has any.
    pub threads: BTreeMap<EventSid, Counts>,
}

impl Unread {
    fn add(&mut self, other: &Self) {
        self.main.add(other.main);
        for (root, counts) in &other.threads {
            self.threads.entry(*root).or_default().add(*counts);
        }
        self.threads.retain(|_, counts| *counts != Counts::default());
    }

    /// Main timeline and threads together, for clients that do not tell them apart.
    pub fn total(&self) -> Counts {
        self.threads.values().fold(self.main, |sum, counts| Counts {
            notifications: sum.notifications + counts.notifications,
            highlights: sum.highlights + counts.highlights,
        })
    }
}

/// How far a reader has read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct ReadUpTo {
    everything: Position,
    main: Position,
    threads: BTreeMap<EventSid, Position>,
}

/// Counts, and what they were made from.
pub(crate) struct Counted {
    read: ReadUpTo,
    rules: Position,
    subscriptions: Position,
    up_to: Position,
    unread: Unread,
}

impl Push {
    /// A joined reader's counts, of events up to and including `until`.
    pub fn unread(
        &self,
        view: &dyn Read,
        user: UserSid,
        user_id: &UserId,
        room: RoomSid,
        until: Position,
    ) -> Result<Unread, kith_store::Error> {
        let membership = MEMBERSHIPS.get(view, &(user, room))?;
        let Some(membership) = membership.filter(|row| row.membership == Membership::Join) else {
            return Ok(Unread::default());
        };
        let read = self.read_up_to(view, user, room, membership.position)?;
        let rules = self.rules(user, user_id)?;
        let subscriptions = thread_rules::changed_at(view, user)?;
        let earlier = self.counted.get(&(user, room)).filter(|earlier| {
            earlier.read == read
                && earlier.rules == rules.position
                && earlier.subscriptions == subscriptions
                && earlier.up_to <= until
        });
        let heads = rooms::get_heads(view, room)?;
        let up_to = heads.position.min(until);
        let (mut unread, from) = match &earlier {
            Some(earlier) if earlier.up_to >= up_to => return Ok(earlier.unread.clone()),
            Some(earlier) if !self.redacts(view, room, earlier.up_to, up_to)? => {
                (earlier.unread.clone(), earlier.up_to)
            }
            _ => (Unread::default(), read.everything),
        };
        let mut context = self.room_context(room, heads.joined)?;
        let context = context.of(user_id)?;
        let ignored = self.rooms.ignored_users(view, user)?;
        let evaluation = Evaluation {
            push: self,
            view,
            user,
            room,
            rules: &rules,
            context,
            read: &read,
            ignored: &ignored,
        };
        evaluation.count(from, up_to, &mut unread)?;
        let unread_now = unread.clone();
        let counted = Counted { read, rules: rules.position, subscriptions, up_to, unread: unread_now };
        self.counted.insert((user, room), Arc::new(counted));
        Ok(unread)
    }

    /// Whether a room or user has been read up to a position; for `/notifications`.
    pub(crate) fn is_read(
        &self,
        view: &dyn Read,
        user: UserSid,
        room: RoomSid,
        thread: Option<EventSid>,
        position: Position,
    ) -> Result<bool, kith_store::Error> {
        Ok(self.read_up_to(view, user, room, Position::START)?.covers(thread, position))
    }

    /// Whether any event behind `from`, up to and including `up_to`, takes away one that may have been counted.
    fn redacts(
        &self,
        view: &dyn Read,
        room: RoomSid,
        from: Position,
        up_to: Position,
    ) -> Result<bool, kith_store::Error> {
        let rows = TIMELINE.range(view, &(room, from.next()), &(room, up_to.next()), Direction::Forward);
        for (index, row) in rows.enumerate() {
            let (_, event) = row?;
            // So many are evaluated anew in any case.
            if index == EVALUATED_EVENTS_MAX
                || *self.rooms.pdu(event)?.kind() == TimelineEventType::RoomRedaction
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn read_up_to(
        &self,
        view: &dyn Read,
        user: UserSid,
        room: RoomSid,
        joined: Position,
    ) -> Result<ReadUpTo, kith_store::Error> {
        let mut read = ReadUpTo { everything: joined, ..ReadUpTo::default() };
        for row in RECEIPTS.scan(view, &(room, user), Direction::Forward) {
            let ((_, _, _, thread), receipt) = row?;
            let place = match thread.as_str() {
                UNTHREADED => &mut read.everything,
                MAIN_THREAD => &mut read.main,
                root => {
                    let Ok(root) = ruma::EventId::parse(root) else { continue };
                    let Some(root) = self.store.ids().find_event(&root)? else { continue };
                    read.threads.entry(root).or_default()
                }
            };
            *place = receipt.event_position.max(*place);
        }
        Ok(read)
    }
}

impl ReadUpTo {
    fn covers(&self, thread: Option<EventSid>, position: Position) -> bool {
        let own = match thread {
            None => self.main,
            Some(root) => self.threads.get(&root).copied().unwrap_or_default(),
        };
        position <= self.everything.max(own)
    }
}

struct Evaluation<'a> {
    push: &'a Push,
    view: &'a dyn Read,
    user: UserSid,
    room: RoomSid,
    rules: &'a Rules,
    context: &'a PushConditionRoomCtx,
    read: &'a ReadUpTo,
    ignored: &'a HashSet<UserSid>,
}

impl Evaluation<'_> {
    /// Adds the events behind `from`, up to and including `up_to`.
    fn count(&self, from: Position, up_to: Position, unread: &mut Unread) -> Result<(), kith_store::Error> {
        let rows = TIMELINE.range(
            self.view,
            &(self.room, from.next()),
            &(self.room, up_to.next()),
            Direction::Backward,
        );
        // What was counted before, and will be kept but for the threads that the reader has written in since.
        let mut newer = Unread::default();
        let mut answered = HashSet::new();
        for (index, row) in rows.enumerate() {
            let ((_, position), event) = row?;
            if index == EVALUATED_EVENTS_MAX {
                self.estimate_older(from, position, event, &answered, &mut newer)?;
                break;
            }
            let Some(meta) = EVENT_META.get(self.view, &event)? else { continue };
            let thread = meta.place.as_ref().and_then(|place| place.thread);
            // Whoever writes has read what is above.
            if meta.sender == self.user && meta.state_key.is_none() {
                answered.insert(thread);
            }
            let passed_over = meta.sender == self.user
                || self.ignored.contains(&meta.sender)
                || answered.contains(&thread)
                || meta.verdict != Verdict::Accepted
                || meta.redacted_by.is_some()
                || self.read.covers(thread, position);
            if !passed_over {
                let flattened = self.push.flattened(event)?;
                add(&mut newer, thread, says(&self.rules.ruleset, &flattened, self.context));
            }
        }
        for thread in answered {
            *counts_of(unread, thread) = Counts::default();
        }
        unread.add(&newer);
        Ok(())
    }

    /// Adds the events behind `from` up to and including `newest`, which are too many to evaluate one by one: as
    /// many as were countable, if the rules notify for the newest of them, and the mentions.
    fn estimate_older(
        &self,
        from: Position,
        newest: Position,
        event: EventSid,
        answered: &HashSet<Option<EventSid>>,
        unread: &mut Unread,
    ) -> Result<(), kith_store::Error> {
        let countable = |event: EventSid| {
            let place = events::get_meta(self.view, event)?.place;
            Ok::<_, kith_store::Error>(place.map_or(0, |place| place.countable))
        };
        let mut before = TIMELINE.range(
            self.view,
            &(self.room, Position::START),
            &(self.room, from.next()),
            Direction::Backward,
        );
        let start = before.next().transpose()?.map_or(Ok(0), |(_, event)| countable(event))?;
        let flattened = self.push.flattened(event)?;
        if !answered.contains(&None) && says(&self.rules.ruleset, &flattened, self.context).notify {
            unread.main.notifications += countable(event)?.saturating_sub(start);
        }
        for user in [self.user, EVERYBODY] {
            let (first, last) = ((user, self.room, from.next()), (user, self.room, newest.next()));
            for row in MENTIONS.range(self.view, &first, &last, Direction::Forward) {
                let ((_, _, position), mention) = row?;
                if !answered.contains(&mention.thread) && !self.read.covers(mention.thread, position) {
                    let counts = counts_of(unread, mention.thread);
                    counts.highlights += 1;
                }
            }
        }
        Ok(())
    }
}

fn counts_of(unread: &mut Unread, thread: Option<EventSid>) -> &mut Counts {
    match thread {
        None => &mut unread.main,
        Some(root) => unread.threads.entry(root).or_default(),
    }
}

fn add(unread: &mut Unread, thread: Option<EventSid>, says: Says) {
    if says.notify {
        let counts = counts_of(unread, thread);
        counts.notifications += 1;
        counts.highlights += u64::from(says.highlight);
    }
}
