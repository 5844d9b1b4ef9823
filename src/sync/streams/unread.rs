//! `unread_notifications` and `unread_thread_notifications`.
//!
//! What counts is decided by push rules, which live in a crate beside this one; the server hands that crate in as the
//! [`PushRules`] it starts `/sync` with.
//! <https://spec.matrix.org/v1.19/client-server-api/#receiving-notifications>

use std::collections::BTreeMap;

use kith_store::{Error, EventSid, Position, Read, RoomSid, UserSid};
use ruma::{OwnedEventId, UserId};

use crate::{moment::Moment, response::UnreadNotifications};

/// What `/sync` asks of whoever knows the users' push rules.
pub trait PushRules: Send + std::marker::Sync {
    /// What a user has not read in a room they are in, of the events up to and including `until`.
    fn unread(
        &self,
        read: &dyn Read,
        user: UserSid,
        user_id: &UserId,
        room: RoomSid,
        until: Position,
    ) -> Result<Unread, Error>;

    /// The content of `m.push_rules` for somebody who never changed a rule, as JSON.
    fn default_rules(&self, user_id: &UserId) -> String;
}

/// What a user has not read in a room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// In the main timeline.
    pub main: Counts,
    /// In threads, by root; threads without anything unread may be left out.
    pub threads: BTreeMap<EventSid, Counts>,
}

/// How much is unread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// How many events notify.
    pub notifications: u64,
    /// How many of them highlight.
    pub highlights: u64,
}

impl Moment<'_> {
    /// What the user has not read in a room: of the main timeline and by thread, or all in one.
    pub(crate) fn unread(
        &self,
        room: RoomSid,
    ) -> Result<(UnreadNotifications, BTreeMap<OwnedEventId, UnreadNotifications>), Error> {
        let Some(user_id) = &self.viewer.user_id else { return Ok(Default::default()) };
        let unread = self.sync.push_rules.unread(self.read, self.user, user_id, room, self.until)?;
        let mut all = unread.main;
        let mut threads = BTreeMap::new();
        for (root, counts) in unread.threads {
            if !self.filter.room.timeline.unread_thread_notifications {
                all.notifications += counts.notifications;
                all.highlights += counts.highlights;
            } else if counts != Counts::default() {
                threads.insert(self.sync.store.ids().event_id(root)?, written(counts));
            }
        }
        Ok((written(all), threads))
    }
}

fn written(counts: Counts) -> UnreadNotifications {
    UnreadNotifications { highlight_count: counts.highlights, notification_count: counts.notifications }
}
