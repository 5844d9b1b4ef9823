//! Who waits, and whom a change concerns. One waker per connection, whatever the number of its rooms.
//!
//! One task follows the ring of changes and wakes the connections of the users concerned. A wake-up is a hint: whoever
//! is woken looks for himself, finds nothing and waits on if it was none of his business; and whoever the ring has
//! outrun is simply woken.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use kith_base::Tasks;
use kith_store::{
    Change, ChangeKind, Direction, Error, RoomSid, Store, UserSid,
    tables::members::{MEMBERSHIPS, Membership},
};
use parking_lot::Mutex;
use tokio::sync::Notify;

/// How often changes of presence wake anybody, in milliseconds: each client that syncs changes its user's presence, so
/// unbounded they would wake everybody all the time.
const PRESENCE_INTERVAL_MS: u64 = 1_000;

/// The users of this server who are in a room, sorted.
pub(crate) type LocalJoined = dyn Fn(RoomSid) -> Result<Arc<[UserSid]>, Error> + Send + Sync;

/// The connections that wait, by user.
pub(crate) struct Notifier {
    store: Arc<Store>,
    local_joined: Box<LocalJoined>,
    waiting: Mutex<HashMap<UserSid, Vec<Arc<Notify>>>>,
}

/// One connection that waits; it is forgotten when this is dropped.
pub(crate) struct Waiter {
    notifier: Arc<Notifier>,
    user: UserSid,
    woken: Arc<Notify>,
}

/// Whom a batch of changes concerns.
#[derive(Debug, Default, PartialEq, Eq)]
struct Concerned {
    users: HashSet<UserSid>,
    rooms: HashSet<RoomSid>,
    /// Those whose presence or devices changed: everybody who shares a room with them.
    sharing: HashSet<UserSid>,
    presence: HashSet<UserSid>,
}

impl Notifier {
    pub(crate) fn new(store: Arc<Store>, local_joined: Box<LocalJoined>) -> Self {
        Self { store, local_joined, waiting: Mutex::default() }
    }

    /// Registers a connection. Done before the first look at the store, so that nothing falls in between.
    pub(crate) fn wait(self: &Arc<Self>, user: UserSid) -> Waiter {
        let woken = Arc::new(Notify::new());
        self.waiting.lock().entry(user).or_default().push(Arc::clone(&woken));
        metrics::gauge!("kith_sync_connections").increment(1.0);
        Waiter { notifier: Arc::clone(self), user, woken }
    }

    /// Follows the ring until the server stops.
    pub(crate) async fn run(self: Arc<Self>, tasks: Tasks) {
        let stopping = tasks.stopping();
        let mut visible = self.store.changes().subscribe();
        let mut seen = *visible.borrow_and_update();
        let mut presence = HashSet::new();
        let mut presence_due = tokio::time::interval(Duration::from_millis(PRESENCE_INTERVAL_MS));
        presence_due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let mut concerned = Concerned::default();
            tokio::select! {
                () = stopping.cancelled() => return,
                changed = visible.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let until = *visible.borrow_and_update();
                    let Some(changes) = self.store.changes().since(seen) else {
                        self.wake_everybody();
                        seen = until;
                        continue;
                    };
                    seen = changes.last().map_or(until, |last| last.position.max(until));
                    concerned = Concerned::by(&changes);
                    presence.extend(concerned.presence.drain());
                }
                _ = presence_due.tick(), if !presence.is_empty() => {
                    concerned.sharing = std::mem::take(&mut presence);
                }
            }
            if concerned == Concerned::default() || self.waiting.lock().is_empty() {
                continue;
            }
            let notifier = Arc::clone(&self);
            let woken = tasks.blocking(move || notifier.wake(&concerned)).await;
            if let Err(error) = woken {
                tracing::warn!(%error, "the members to wake could not be read; waking everybody");
                self.wake_everybody();
            }
        }
    }

    /// Wakes whom a batch of changes concerns.
    fn wake(&self, concerned: &Concerned) -> Result<(), Error> {
        let mut rooms = concerned.rooms.clone();
        for user in &concerned.sharing {
            self.wake_users([user]);
            for row in MEMBERSHIPS.scan(self.store.engine(), &(*user,), Direction::Forward) {
                let ((_, room), record) = row?;
                if record.membership == Membership::Join {
                    rooms.insert(room);
                }
            }
        }
        self.wake_users(&concerned.users);
        for room in rooms {
            let members = (self.local_joined)(room)?;
            let waiting = self.waiting.lock().len();
            if waiting < members.len() {
                let present: Vec<UserSid> = {
                    let waiting = self.waiting.lock();
                    waiting.keys().filter(|user| members.binary_search(user).is_ok()).copied().collect()
                };
                self.wake_users(&present);
            } else {
                self.wake_users(members.iter());
            }
        }
        Ok(())
    }

    fn wake_users<'a>(&self, users: impl IntoIterator<Item = &'a UserSid>) {
        let waiting = self.waiting.lock();
        for user in users {
            for connection in waiting.get(user).into_iter().flatten() {
                connection.notify_one();
            }
        }
    }

    fn wake_everybody(&self) {
        for connection in self.waiting.lock().values().flatten() {
            connection.notify_one();
        }
    }

    #[cfg(test)]
    fn waiting(&self) -> usize {
        self.waiting.lock().values().map(Vec::len).sum()
    }
}

impl Concerned {
    fn by(changes: &[Arc<Change>]) -> Self {
        let mut concerned = Self::default();
        for change in changes {
            match &change.kind {
                ChangeKind::Event { room, member, .. } => {
                    concerned.rooms.insert(*room);
                    // Whoever is invited or has just left is not among the joined.
                    concerned.users.extend(member);
                }
                ChangeKind::Receipt { room, private: false, .. }
                | ChangeKind::Typing { room }
                | ChangeKind::Sticky { room } => {
                    concerned.rooms.insert(*room);
                }
                ChangeKind::Receipt { user, private: true, .. }
                | ChangeKind::Membership { user, .. }
                | ChangeKind::AccountData { user, .. }
                | ChangeKind::Unread { user, .. }
                | ChangeKind::KeySignature { user }
                | ChangeKind::ThreadSubscription { user }
                | ChangeKind::ToDevice { user } => {
                    concerned.users.insert(*user);
                }
                ChangeKind::Presence { user } => {
                    concerned.presence.insert(*user);
                }
                ChangeKind::Profile { .. }
                | ChangeKind::Outbox { .. }
                | ChangeKind::Owed { .. }
                | ChangeKind::Pushers { .. } => {}
                ChangeKind::DeviceList { user } => {
                    concerned.sharing.insert(*user);
                }
            }
        }
        concerned
    }
}

impl Waiter {
    /// Returns once something concerned the user since the last time this returned. Safe to cancel.
    pub(crate) async fn woken(&self) {
        self.woken.notified().await;
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        metrics::gauge!("kith_sync_connections").decrement(1.0);
        let mut waiting = self.notifier.waiting.lock();
        if let Some(connections) = waiting.get_mut(&self.user) {
            connections.retain(|connection| !Arc::ptr_eq(connection, &self.woken));
            if connections.is_empty() {
                waiting.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests;
