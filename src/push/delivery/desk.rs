//! The pushers with something to tell, and how far the changes of this server have been looked at.
//!
//! A pusher that has told everything is not here, so this grows with what is going on, and by some bytes with each
//! pusher whose gateway is away.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kith_store::{Position, UserSid, tables::pushers::PusherKind};

use super::{
    Notice, PusherId,
    line::{Behind, Line, Turn},
    owners::{Owned, Owners},
};

/// All of it under one lock.
#[derive(Debug, Default)]
pub(super) struct Desk {
    pub(super) owners: Owners,
    lines: HashMap<PusherId, Line>,
    /// When pushers are tried again.
    due: BTreeSet<(u64, PusherId)>,
    /// When mails are due, and the pushers that have one planned or on its way.
    mails_due: BTreeSet<(u64, PusherId)>,
    mails: HashMap<PusherId, MailPlan>,
    /// How many unread messages each pusher has told last.
    badges: HashMap<PusherId, u64>,
    /// How far changes have been looked at.
    seen: Position,
}

/// How far a mail has come.
#[derive(Clone, Copy, Debug)]
enum MailPlan {
    Due(u64),
    OnItsWay,
}

impl Desk {
    pub(super) fn seen(&self) -> Position {
        self.seen
    }

    pub(super) fn see(&mut self, until: Position) {
        self.seen = until.max(self.seen);
    }

    /// Replaces what is known of a user's pushers.
    pub(super) fn set_owner(&mut self, user: UserSid, pushers: Vec<Owned>) {
        for Owned { id, .. } in self.owners.pushers(user) {
            if !pushers.iter().any(|kept| kept.id == *id) {
                self.badges.remove(id);
            }
        }
        self.owners.set(user, pushers);
    }

    /// Something happened that a user is to be told. Gives the pushers that somebody has to begin to serve.
    pub(super) fn push(&mut self, user: UserSid, notice: &Notice) -> Vec<PusherId> {
        self.each_of(user, |line, since| {
            let concerned = notice.position > since;
            if concerned {
                line.push(notice.clone());
            }
            concerned
        })
    }

    /// How much a user has not read may have changed.
    pub(super) fn touch_badge(&mut self, user: UserSid) -> Vec<PusherId> {
        self.each_of(user, |line, _| {
            line.badge = true;
            true
        })
    }

    /// A user's pushers have to read the tables behind a position.
    pub(super) fn look_back(&mut self, user: UserSid, from: Position) -> Vec<PusherId> {
        self.each_of(user, |line, since| {
            line.behind.get_or_insert(Behind::at(from.max(since), false));
            true
        })
    }

    fn each_of(&mut self, user: UserSid, mut note: impl FnMut(&mut Line, Position) -> bool) -> Vec<PusherId> {
        let mut begin = Vec::new();
        for Owned { id, since, kind } in self.owners.pushers(user) {
            if *kind != PusherKind::Http {
                continue;
            }
            let line = self.lines.entry(id.clone()).or_default();
            if note(line, *since) && line.due_ms.is_none() && !std::mem::replace(&mut line.served, true) {
                begin.push(id.clone());
            }
        }
        begin
    }

    /// What a pusher has to do next. Whoever has nothing left to do is not served any more.
    pub(super) fn turn(&mut self, id: &PusherId) -> Turn {
        let Some(line) = self.lines.get_mut(id) else { return Turn::Done };
        let turn = line.turn(self.seen);
        if matches!(turn, Turn::Done) {
            self.lines.remove(id);
        }
        turn
    }

    /// The line of a pusher that is being served.
    pub(super) fn line(&mut self, id: &PusherId) -> Option<&mut Line> {
        self.lines.get_mut(id)
    }

    pub(super) fn is_behind(&self, id: &PusherId) -> bool {
        self.lines.get(id).is_some_and(|line| line.behind.is_some())
    }

    /// A pusher that has a row.
    pub(super) fn add_behind(&mut self, id: PusherId, cursor: Position, interval_ms: u64, due_ms: u64) {
        self.lines.insert(id.clone(), Line::with_row(cursor, interval_ms));
        self.rest(&id, Some(due_ms));
    }

    /// Nobody serves a pusher until a time; none: until the next start.
    pub(super) fn rest(&mut self, id: &PusherId, due_ms: Option<u64>) {
        let Some(line) = self.lines.get_mut(id) else { return };
        line.served = false;
        line.due_ms = due_ms;
        if let Some(due_ms) = due_ms {
            self.due.insert((due_ms, id.clone()));
        }
    }

    /// A pusher is gone.
    pub(super) fn forget(&mut self, id: &PusherId) {
        self.badges.remove(id);
        if let Some(Line { due_ms: Some(due_ms), .. }) = self.lines.remove(id) {
            self.due.remove(&(due_ms, id.clone()));
        }
    }

    /// The pushers whose time has come, which somebody has to begin to serve.
    pub(super) fn take_due(&mut self, now_ms: u64) -> Vec<PusherId> {
        let mut begin = Vec::new();
        while let Some((due_ms, _)) = self.due.first()
            && *due_ms <= now_ms
            && let Some((_, id)) = self.due.pop_first()
        {
            let Some(line) = self.lines.get_mut(&id) else { continue };
            line.due_ms = None;
            if !std::mem::replace(&mut line.served, true) {
                begin.push(id);
            }
        }
        begin
    }

    /// When the next pusher is to be tried, or the next mail is due.
    pub(super) fn next_due_ms(&self) -> Option<u64> {
        let due = [&self.due, &self.mails_due];
        due.into_iter().filter_map(|due| due.first()).map(|(due_ms, _)| *due_ms).min()
    }

    /// Whether no mail of a pusher is on its way or planned for this time or earlier.
    pub(super) fn needs_mail(&self, id: &PusherId, due_ms: u64) -> bool {
        match self.mails.get(id) {
            None => true,
            Some(MailPlan::OnItsWay) => false,
            Some(MailPlan::Due(planned_ms)) => *planned_ms > due_ms,
        }
    }

    pub(super) fn plan_mail(&mut self, id: &PusherId, due_ms: u64) {
        if let Some(MailPlan::Due(earlier_ms)) = self.mails.insert(id.clone(), MailPlan::Due(due_ms)) {
            self.mails_due.remove(&(earlier_ms, id.clone()));
        }
        self.mails_due.insert((due_ms, id.clone()));
    }

    /// A mail is no longer on its way.
    pub(super) fn mailed(&mut self, id: &PusherId) {
        self.mails.remove(id);
    }

    /// The pushers whose mails are due.
    pub(super) fn take_due_mails(&mut self, now_ms: u64) -> Vec<PusherId> {
        let mut due = Vec::new();
        while self.mails_due.first().is_some_and(|(due_ms, _)| *due_ms <= now_ms) {
            due.extend(self.mails_due.pop_first().map(|(_, id)| id));
        }
        for id in &due {
            self.mails.insert(id.clone(), MailPlan::OnItsWay);
        }
        due
    }

    /// What a pusher told last of how much is unread.
    pub(super) fn badge(&self, id: &PusherId) -> Option<u64> {
        self.badges.get(id).copied()
    }

    pub(super) fn set_badge(&mut self, id: &PusherId, unread: u64) {
        self.badges.insert(id.clone(), unread);
    }

    /// Up to here every pusher without a row has told everything.
    pub(super) fn pushed(&self) -> Position {
        self.lines.values().filter_map(Line::floor).fold(self.seen, Position::min)
    }

    pub(super) fn any_served(&self) -> bool {
        self.lines.values().any(|line| line.served)
    }

    /// Pushers without a row that have something to tell, and how far they have come.
    pub(super) fn waiting(&self) -> BTreeMap<PusherId, Position> {
        self.lines.iter().filter_map(|(id, line)| Some((id.clone(), line.floor()?))).collect()
    }

    /// How many pushers have something to tell, and how many of them are behind.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.lines.len(), self.lines.values().filter(|line| line.behind.is_some()).count())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kith_store::{EventSid, RoomSid};

    use super::*;

    fn id(user: u64) -> PusherId {
        PusherId::new((UserSid(user), "app".to_owned(), "key".to_owned()))
    }

    fn owned(user: u64, since: u64) -> Owned {
        Owned { id: id(user), since: Position(since), kind: PusherKind::Http }
    }

    fn notice(position: u64) -> Notice {
        Notice {
            position: Position(position),
            room: RoomSid(1),
            event: EventSid(position),
            actions: Arc::new([]),
            invite: false,
        }
    }

    #[test]
    fn the_common_cursor_stands_before_the_oldest_thing_that_is_not_told() {
        let mut desk = Desk::default();
        for user in [1, 2] {
            desk.set_owner(UserSid(user), vec![owned(user, 3)]);
        }
        assert_eq!(desk.push(UserSid(1), &notice(5)), [id(1)]);
        assert!(desk.push(UserSid(1), &notice(6)).is_empty(), "somebody is at it already");
        assert_eq!(desk.push(UserSid(2), &notice(7)), [id(2)]);
        assert!(desk.push(UserSid(3), &notice(7)).is_empty(), "has no pusher");
        desk.see(Position(8));
        assert_eq!(desk.pushed(), Position(4));
        let first = desk.line(&id(1)).expect("there");
        first.fall_behind(Position(4));
        desk.rest(&id(1), Some(100));
        assert_eq!(desk.pushed(), Position(6));
        assert_eq!(desk.waiting(), BTreeMap::from([(id(2), Position(6))]));
        assert_eq!((desk.take_due(99), desk.take_due(100)), (vec![], vec![id(1)]));
        desk.line(&id(2)).expect("there").told(Position(7));
        assert!(matches!(desk.turn(&id(2)), Turn::Done));
        assert_eq!((desk.pushed(), desk.counts()), (Position(8), (1, 1)));
    }

    #[test]
    fn what_happened_before_a_pusher_was_switched_on_is_not_told() {
        let mut desk = Desk::default();
        desk.set_owner(UserSid(1), vec![owned(1, 5)]);
        assert!(desk.push(UserSid(1), &notice(5)).is_empty());
        assert_eq!(desk.push(UserSid(1), &notice(6)), [id(1)]);
    }

    #[test]
    fn a_mail_is_planned_once_and_may_come_earlier() {
        let mut desk = Desk::default();
        assert!(desk.needs_mail(&id(1), 100));
        desk.plan_mail(&id(1), 100);
        assert!(!desk.needs_mail(&id(1), 100) && desk.needs_mail(&id(1), 50));
        desk.plan_mail(&id(1), 50);
        assert_eq!((desk.next_due_ms(), desk.take_due_mails(49)), (Some(50), vec![]));
        assert_eq!(desk.take_due_mails(200), [id(1)]);
        assert!(!desk.needs_mail(&id(1), 0), "it is on its way");
        desk.mailed(&id(1));
        assert!(desk.needs_mail(&id(1), 300));
        assert_eq!(desk.next_due_ms(), None);
    }
}
