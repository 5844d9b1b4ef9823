//! What pushers have to tell, out of the tables: for when the ring of changes does not reach back, for the start, and
//! for pushers whose gateway was away.

use std::collections::BTreeSet;

use kith_store::{
    Direction, Error, Position, Read, UserSid,
    tables::{
        members::{MEMBERSHIP_STREAM, MEMBERSHIPS, Membership},
        pushers::PusherRecord,
        rooms::ROOM_HEADS,
    },
};

use super::{Notice, PusherId};
use crate::{Push, notifications::Wanted};

/// Of how many events somebody is told who could not be told for some time: the newest ones.
const BACKLOG_NOTICES_MAX: usize = 50;
/// How old an event may be of which somebody is told late, in milliseconds.
const BACKLOG_AGE_MAX_MS: u64 = 24 * 60 * 60 * 1_000;
/// How many changes of memberships are looked at for invites.
const MEMBERSHIPS_LOOKED_AT_MAX: usize = 1_000;

impl Push {
    /// Has whoever may have missed something between two positions read the tables. Every room is looked at once,
    /// and every user with a pusher.
    pub(super) fn look_back(&self, since: Position, until: Position) -> Result<Vec<PusherId>, Error> {
        // Who set one meanwhile is among them.
        self.read_owners()?;
        self.delivery.tallies.clear();
        let view = self.store.read();
        let mut concerned: BTreeSet<UserSid> = BTreeSet::new();
        for row in ROOM_HEADS.scan(&*view, &(), Direction::Forward) {
            let (room, heads) = row?;
            if heads.position > since {
                concerned.extend(self.audience(room)?.iter());
            }
        }
        let users = self.delivery.desk.lock().owners.users();
        for user in users {
            let mut rows = MEMBERSHIP_STREAM.range(
                &*view,
                &(user, since.next()),
                &(user, until.next()),
                Direction::Forward,
            );
            if rows.next().transpose()?.is_some() {
                concerned.insert(user);
            }
        }
        let mut mails = Vec::new();
        for user in &concerned {
            mails.extend(self.delivery.desk.lock().owners.mails(*user));
        }
        self.plan_mails(&mails)?;
        let mut begin = Vec::new();
        let mut desk = self.delivery.desk.lock();
        for user in concerned {
            begin.extend(desk.look_back(user, since));
        }
        desk.see(until);
        Ok(begin)
    }

    /// What a pusher has to tell of what happened behind `from`, up to and including `until`, oldest first: what the
    /// user has not read and what is not too old.
    pub(super) fn backlog(
        &self,
        id: &PusherId,
        record: &PusherRecord,
        from: Position,
        until: Position,
    ) -> Result<Vec<Notice>, Error> {
        let user = id.user();
        let user_id = self.store.ids().user_id(user)?;
        let oldest_ms = self.clock.now_ms().saturating_sub(BACKLOG_AGE_MAX_MS);
        let view = self.store.read();
        let wanted = Wanted {
            user,
            user_id: &user_id,
            after: from.max(record.since),
            before: until.next(),
            count_max: BACKLOG_NOTICES_MAX,
            only_highlights: false,
            only_unread: true,
        };
        self.notices(&*view, &wanted, oldest_ms)
    }

    /// The newest events and invites that are wanted, oldest first, if they are not older than `oldest_ms`.
    pub(super) fn notices(
        &self,
        view: &dyn Read,
        wanted: &Wanted<'_>,
        oldest_ms: u64,
    ) -> Result<Vec<Notice>, Error> {
        let found = self.find_notified(view, wanted)?.notifications;
        let recent = found.into_iter().filter(|notified| notified.timestamp_ms >= oldest_ms);
        let mut notices: Vec<Notice> = recent
            .map(|notified| Notice {
                position: notified.position,
                room: notified.room,
                event: notified.event,
                actions: notified.actions.into(),
                invite: false,
            })
            .collect();
        let (first, last) = ((wanted.user, wanted.after.next()), (wanted.user, wanted.before));
        let changes = MEMBERSHIP_STREAM.range(view, &first, &last, Direction::Backward);
        for row in changes.take(MEMBERSHIPS_LOOKED_AT_MAX) {
            let ((_, position), change) = row?;
            if change.membership != Membership::Invite {
                continue;
            }
            let now = MEMBERSHIPS.get(view, &(wanted.user, change.room))?;
            if let Some(record) = now.filter(|record| record.event == change.event)
                && let Some(actions) = self.invite_actions(change.room, wanted.user, &record)?
            {
                let (room, event) = (change.room, change.event);
                notices.push(Notice { position, room, event, actions, invite: true });
            }
        }
        notices.sort_by_key(|notice| notice.position);
        let surplus = notices.len().saturating_sub(wanted.count_max);
        Ok(notices.split_off(surplus))
    }
}
