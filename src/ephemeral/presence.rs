//! Presence: who is online. <https://spec.matrix.org/v1.19/client-server-api/#presence>
//!
//! A user is online while some device syncs, unavailable after some idle minutes, offline soon after the last sync.

use kith_accounts::Requester;
use kith_store::{
    ChangeKind, UserSid,
    live::{PresenceRow, PresenceState},
    tables::members::Membership,
};
use ruma::UserId;

use crate::Ephemeral;

/// After this long without a sync a user is offline: more than clients let one sync wait.
const OFFLINE_AFTER_MS: u64 = 75_000;
/// Who was active within this long counts as currently active.
const ACTIVE_MS: u64 = 70_000;
/// The longest status message, in bytes.
pub(crate) const STATUS_BYTES_MAX: usize = 1_024;
/// After this long without a word of their server a user of another server is offline: servers tell again of those who
/// are online within the half hour.
const REMOTE_OFFLINE_AFTER_MS: u64 = 30 * 60_000;
/// After this long without a word nothing is known any more of a user of another server who is offline.
const REMOTE_FORGET_MS: u64 = 2 * REMOTE_OFFLINE_AFTER_MS;

/// Somebody of whom nothing is known.
pub(crate) const NOBODY: PresenceRow = PresenceRow {
    position: kith_store::Position::START,
    state: PresenceState::Offline,
    status: None,
    last_active_ms: 0,
    currently_active: false,
    told_ms: None,
};

/// A user's presence as others see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presence {
    /// Online, unavailable or offline.
    pub state: PresenceState,
    /// The status message.
    pub status: Option<String>,
    /// How long ago the user was last active, if that is known.
    pub last_active_ago_ms: Option<u64>,
    /// Whether the user is active right now.
    pub currently_active: bool,
}

/// Why presence was not shown or set.
#[derive(Debug, thiserror::Error)]
pub enum PresenceError {
    /// Presence is for people who share a room.
    #[error("you share no room with this user")]
    NotShared,
    /// The status message is too long.
    #[error("the status message is longer than {STATUS_BYTES_MAX} bytes")]
    StatusTooLong,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] kith_store::Error),
}

impl Ephemeral {
    /// Sets the requester's presence and status message. Where the operator has switched presence off, nothing
    /// happens: clients set it without asking whether there is any.
    pub fn set_presence(
        &self,
        requester: &Requester,
        state: PresenceState,
        status: Option<String>,
    ) -> Result<(), PresenceError> {
        if !self.config.presence.enabled {
            return Ok(());
        }
        if status.as_ref().is_some_and(|text| text.len() > STATUS_BYTES_MAX) {
            return Err(PresenceError::StatusTooLong);
        }
        self.update(requester.user, |row| {
            row.state = state;
            row.status = status;
        })?;
        Ok(())
    }

    /// Notes that a device of the requester is here and wants to appear as `state`; a sync calls this. The status
    /// message stays.
    pub fn seen(&self, requester: &Requester, state: PresenceState) -> Result<(), kith_store::Error> {
        // A client that syncs as offline wants to go unnoticed.
        if !self.config.presence.enabled || state == PresenceState::Offline {
            return Ok(());
        }
        let now_ms = self.clock.now_ms();
        match self.store.live().presence(requester.user) {
            // Nothing that others would see has changed, so nobody is woken.
            Some(row) if row.state == state && row.currently_active == (state == PresenceState::Online) => {
                self.store.live().note_active(requester.user, now_ms);
                Ok(())
            }
            _ => self.update(requester.user, |row| row.state = state),
        }
    }

    /// A user's presence, for somebody who shares a room with them.
    pub fn presence(&self, requester: &Requester, user_id: &UserId) -> Result<Presence, PresenceError> {
        let user = self.store.ids().find_user(user_id)?.ok_or(PresenceError::NotShared)?;
        if user != requester.user && !self.share_room(requester.user, user)? {
            return Err(PresenceError::NotShared);
        }
        let Some(row) = self.store.live().presence(user) else {
            return Ok(Presence {
                state: PresenceState::Offline,
                status: None,
                last_active_ago_ms: None,
                currently_active: false,
            });
        };
        Ok(Presence {
            state: row.state,
            status: row.status,
            last_active_ago_ms: Some(self.clock.now_ms().saturating_sub(row.last_active_ms)),
            currently_active: row.currently_active,
        })
    }

    /// Takes users offline whose devices have gone, or whose server tells nothing of them any more.
    pub(crate) fn expire_presence(&self) {
        let now_ms = self.clock.now_ms();
        for (user, row) in self.store.live().presence_where(|row| expired(row, now_ms).is_some()) {
            let Some(expired) = expired(&row, now_ms) else { continue };
            if let Err(error) = self.change(user, expired) {
                tracing::warn!(%error, "presence could not be updated");
            }
        }
        self.store.live().forget_presence(|row| {
            let old = row.told_ms.is_some_and(|told_ms| now_ms.saturating_sub(told_ms) > REMOTE_FORGET_MS);
            old && row.state == PresenceState::Offline
        });
    }

    fn update(&self, user: UserSid, edit: impl FnOnce(&mut PresenceRow)) -> Result<(), kith_store::Error> {
        let mut row = self.store.live().presence(user).unwrap_or(NOBODY);
        edit(&mut row);
        row.last_active_ms = self.clock.now_ms();
        row.currently_active = row.state == PresenceState::Online;
        self.change(user, row)
    }

    pub(crate) fn change(&self, user: UserSid, mut row: PresenceRow) -> Result<(), kith_store::Error> {
        let mut txn = self.store.begin();
        let position = txn.position()?;
        row.position = position;
        self.store.live().set_presence(user, row);
        txn.change(position, ChangeKind::Presence { user });
        // Nothing is written, so there is nothing to wait for.
        drop(self.store.commit(txn)?);
        Ok(())
    }

    fn share_room(&self, a: UserSid, b: UserSid) -> Result<bool, kith_store::Error> {
        for room in self.rooms.joined_rooms(a)? {
            if self.rooms.membership(b, room)? == Some(Membership::Join) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// What becomes of a user's presence by the passing of time alone, if anything.
fn expired(row: &PresenceRow, now_ms: u64) -> Option<PresenceRow> {
    let offline =
        || Some(PresenceRow { state: PresenceState::Offline, currently_active: false, ..row.clone() });
    if row.state == PresenceState::Offline {
        return None;
    }
    if let Some(told_ms) = row.told_ms {
        return (now_ms.saturating_sub(told_ms) > REMOTE_OFFLINE_AFTER_MS).then(offline).flatten();
    }
    let idle_ms = now_ms.saturating_sub(row.last_active_ms);
    if idle_ms > OFFLINE_AFTER_MS {
        offline()
    } else if row.currently_active && idle_ms > ACTIVE_MS {
        Some(PresenceRow { currently_active: false, ..row.clone() })
    } else {
        None
    }
}
