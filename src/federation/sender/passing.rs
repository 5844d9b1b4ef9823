//! What passes: who is typing, and who is online. It is told as it stands when it is told.
//! <https://spec.matrix.org/v1.19/server-server-api/#typing-notifications>
//! <https://spec.matrix.org/v1.19/server-server-api/#presence>

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use kith_store::{Error, Position, RoomSid, ServerSid, UserSid, live::PresenceState};

use super::Sender;

/// How often changes of presence are told: clients change it with every sync, and it concerns many servers.
pub(super) const PRESENCE_INTERVAL: Duration = Duration::from_secs(5);
/// How often those who are online are told of again: servers hold users for offline whom they do not hear of for half
/// an hour.
pub(super) const PRESENCE_AGAIN_INTERVAL: Duration = Duration::from_secs(25 * 60);
/// How often those who are typing are told of again: servers hold them for done after a minute or less.
pub(super) const TYPING_AGAIN_INTERVAL: Duration = Duration::from_secs(20);
/// How many users' presence a server is told at once when somebody of it comes into a room.
const NEWCOMER_PRESENCE_MAX: usize = 100;

/// What is going on, as far as other servers were told.
#[derive(Debug, Default)]
pub(super) struct Happening {
    /// The users of this server who were typing when it was last looked at.
    pub(super) typing: HashMap<RoomSid, BTreeSet<UserSid>>,
    /// The users of this server whose presence changed since others were told.
    pub(super) presence: BTreeSet<UserSid>,
}

impl Sender {
    /// The users of this server who began or ceased to type in a room since this was last asked.
    pub(super) fn typing_changed(&self, room: RoomSid) -> Result<Vec<UserSid>, Error> {
        let mut now = BTreeSet::new();
        for user in self.store.live().typing(room).unwrap_or_default().until_ms.into_keys() {
            if self.is_own(user)? {
                now.insert(user);
            }
        }
        let mut happening = self.happening.lock();
        let before = happening.typing.remove(&room).unwrap_or_default();
        let changed = now.symmetric_difference(&before).copied().collect();
        if !now.is_empty() {
            happening.typing.insert(room, now);
        }
        Ok(changed)
    }

    /// Says again who is typing.
    pub(super) fn tell_typing_again(&self) -> Result<Vec<ServerSid>, Error> {
        let typing: Vec<_> = {
            let happening = self.happening.lock();
            happening.typing.iter().map(|(room, users)| (*room, users.clone())).collect()
        };
        let mut begin = Vec::new();
        for (room, users) in typing {
            for server in self.audiences.of_room(room)? {
                let mut destinations = self.destinations.lock();
                let add = |passing: &mut super::queue::Passing| {
                    users.iter().for_each(|user| passing.add_typing(room, *user));
                };
                begin.extend(destinations.pass(server, add).then_some(server));
            }
        }
        Ok(begin)
    }

    /// Tells of the presence that changed since the last time.
    pub(super) fn tell_presence(&self) -> Result<Vec<ServerSid>, Error> {
        let users = std::mem::take(&mut self.happening.lock().presence);
        let mut begin = Vec::new();
        for user in users {
            for server in self.audiences.of_user(user)? {
                let mut destinations = self.destinations.lock();
                let told = destinations.pass(server, |passing| passing.add_presence(user));
                begin.extend(told.then_some(server));
            }
        }
        Ok(begin)
    }

    /// Lets those who are online be told of again.
    pub(super) fn tell_presence_again(&self) {
        if !self.config.presence.enabled {
            return;
        }
        let rows = self.store.live().presence_since(Position::START);
        let online = rows.into_iter().filter(|(_, row)| row.state != PresenceState::Offline);
        let own: Vec<_> =
            online.map(|(user, _)| user).filter(|user| self.is_own(*user).unwrap_or(false)).collect();
        self.happening.lock().presence.extend(own);
    }

    /// The users of this server in a room who are not offline.
    pub(super) fn present_in(&self, room: RoomSid) -> Result<Vec<UserSid>, Error> {
        let live = self.store.live();
        let present =
            |user: &UserSid| live.presence(*user).is_some_and(|row| row.state != PresenceState::Offline);
        let users = self.rooms.local_joined(room)?;
        Ok(users.iter().copied().filter(present).take(NEWCOMER_PRESENCE_MAX).collect())
    }
}
