//! Who has pushers that are switched on, and who of them is in a room.
//!
//! What is in memory follows the table `pushers`; whoever sends something looks there again.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use kith_store::{
    Direction, Error, Position, RoomSid, UserSid,
    tables::pushers::{self, PUSHERS, PusherKey, PusherKind, PusherRecord},
};
use quick_cache::sync::Cache;

use super::PusherId;
use crate::Push;

/// For how many rooms it is kept who of their members has pushers.
const AUDIENCES_MAX: usize = 4_096;

/// A pusher that is switched on.
#[derive(Clone, Debug)]
pub(super) struct Owned {
    pub(super) id: PusherId,
    /// Where it was switched on.
    pub(super) since: Position,
    pub(super) kind: PusherKind,
}

/// The users with pushers.
#[derive(Debug, Default)]
pub(super) struct Owners {
    by_user: HashMap<UserSid, Vec<Owned>>,
    /// Counts how often it changed who is among them.
    generation: u64,
}

impl Owners {
    pub(super) fn is_empty(&self) -> bool {
        self.by_user.is_empty()
    }

    pub(super) fn contains(&self, user: UserSid) -> bool {
        self.by_user.contains_key(&user)
    }

    pub(super) fn users(&self) -> BTreeSet<UserSid> {
        self.by_user.keys().copied().collect()
    }

    /// A user's pushers.
    pub(super) fn pushers(&self, user: UserSid) -> &[Owned] {
        self.by_user.get(&user).map_or(&[], Vec::as_slice)
    }

    /// Those of a user's pushers that write mails.
    pub(super) fn mails(&self, user: UserSid) -> impl Iterator<Item = PusherId> {
        let mails = self.pushers(user).iter().filter(|owned| owned.kind == PusherKind::Email);
        mails.map(|owned| owned.id.clone())
    }

    /// Replaces what is known of a user.
    pub(super) fn set(&mut self, user: UserSid, pushers: Vec<Owned>) {
        let (before, now) = (self.contains(user), !pushers.is_empty());
        if now {
            self.by_user.insert(user, pushers);
        } else {
            self.by_user.remove(&user);
        }
        self.generation += u64::from(before != now);
    }

    /// Those among the members of a room, who come in order.
    fn among(&self, members: &[UserSid]) -> Arc<[UserSid]> {
        if members.len() <= self.by_user.len() {
            return members.iter().copied().filter(|member| self.contains(*member)).collect();
        }
        let present = self.by_user.keys().filter(|user| members.binary_search(user).is_ok());
        let mut present: Vec<UserSid> = present.copied().collect();
        present.sort_unstable();
        present.into()
    }
}

/// The members of rooms who have pushers.
pub(super) struct Audiences(Cache<RoomSid, Audience>);

#[derive(Clone)]
struct Audience {
    /// What it was made from.
    members: Arc<[UserSid]>,
    generation: u64,
    owners: Arc<[UserSid]>,
}

impl Default for Audiences {
    fn default() -> Self {
        Self(Cache::new(AUDIENCES_MAX))
    }
}

impl Push {
    /// The members of a room who have pushers.
    pub(super) fn audience(&self, room: RoomSid) -> Result<Arc<[UserSid]>, Error> {
        let members = self.rooms.local_joined(room)?;
        let desk = self.delivery.desk.lock();
        let generation = desk.owners.generation;
        let audiences = &self.delivery.audiences.0;
        if let Some(kept) = audiences.get(&room)
            && kept.generation == generation
            && Arc::ptr_eq(&kept.members, &members)
        {
            return Ok(kept.owners);
        }
        let owners = desk.owners.among(&members);
        drop(desk);
        audiences.insert(room, Audience { members, generation, owners: Arc::clone(&owners) });
        Ok(owners)
    }

    pub(super) fn has_pushers(&self, user: UserSid) -> bool {
        self.delivery.desk.lock().owners.contains(user)
    }

    /// Reads a user's pushers anew.
    pub(super) fn read_owner(&self, user: UserSid) -> Result<(), Error> {
        let found = pushers::list(self.store.engine(), user)?.into_iter();
        let enabled = found.filter(|(_, record)| record.enabled);
        let pushers = enabled.map(owned).collect();
        self.delivery.desk.lock().set_owner(user, pushers);
        Ok(())
    }

    /// Reads everybody's pushers.
    pub(super) fn read_owners(&self) -> Result<(), Error> {
        let mut by_user: HashMap<UserSid, Vec<Owned>> = HashMap::new();
        for row in PUSHERS.scan(self.store.engine(), &(), Direction::Forward) {
            let (key, record) = row?;
            if record.enabled {
                by_user.entry(key.0).or_default().push(owned((key, record)));
            }
        }
        let mut desk = self.delivery.desk.lock();
        for (user, pushers) in by_user {
            desk.set_owner(user, pushers);
        }
        Ok(())
    }
}

fn owned((key, record): (PusherKey, PusherRecord)) -> Owned {
    Owned { id: PusherId::new(key), since: record.since, kind: record.kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pusher(user: u64) -> Vec<Owned> {
        let id = PusherId::new((UserSid(user), "app".to_owned(), "key".to_owned()));
        vec![Owned { id, since: Position(1), kind: PusherKind::Http }]
    }

    #[test]
    fn only_members_with_pushers_are_concerned_whichever_side_is_larger() {
        let mut owners = Owners::default();
        for user in [2, 4, 6] {
            owners.set(UserSid(user), pusher(user));
        }
        let users = |numbers: &[u64]| numbers.iter().copied().map(UserSid).collect::<Vec<_>>();
        assert_eq!(*owners.among(&users(&[1, 2])), users(&[2]));
        assert_eq!(*owners.among(&users(&[1, 2, 3, 4, 5, 7])), users(&[2, 4]));
    }

    #[test]
    fn the_generation_counts_who_comes_and_goes() {
        let mut owners = Owners::default();
        owners.set(UserSid(1), pusher(1));
        owners.set(UserSid(1), pusher(1));
        assert_eq!(owners.generation, 1);
        owners.set(UserSid(1), Vec::new());
        assert!(owners.is_empty());
        assert_eq!(owners.generation, 2);
    }
}
