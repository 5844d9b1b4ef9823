//! Typing notices. <https://spec.matrix.org/v1.19/client-server-api/#typing-notifications>

use kith_accounts::Requester;
use kith_store::{ChangeKind, RoomSid, tables::members::Membership};
use ruma::RoomId;

use crate::Ephemeral;

/// The longest that one notice lasts without being repeated.
const TYPING_MS_MAX: u64 = 120_000;

/// Why a typing notice was refused.
#[derive(Debug, thiserror::Error)]
pub enum TypingError {
    /// Only members type.
    #[error("you are not in this room")]
    NotInRoom,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] kith_store::Error),
}

impl Ephemeral {
    /// Says that the requester types for the next `timeout_ms`, or no longer (`None`).
    pub fn set_typing(
        &self,
        requester: &Requester,
        room_id: &RoomId,
        timeout_ms: Option<u64>,
    ) -> Result<(), TypingError> {
        let room = self.store.ids().find_room(room_id)?.ok_or(TypingError::NotInRoom)?;
        if self.rooms.membership(requester.user, room)? != Some(Membership::Join) {
            return Err(TypingError::NotInRoom);
        }
        let until_ms = timeout_ms.map(|timeout| self.clock.now_ms() + timeout.min(TYPING_MS_MAX));
        self.change_typing(room, |typing| match until_ms {
            // A repeated notice only lasts longer: nobody needs to hear of it.
            Some(until_ms) => typing.insert(requester.user, until_ms).is_none(),
            None => typing.remove(&requester.user).is_some(),
        })?;
        Ok(())
    }

    /// Ends the notices whose time is over.
    pub(crate) fn expire_typing(&self) {
        let now_ms = self.clock.now_ms();
        for room in self.store.live().typing_ended(now_ms) {
            let result = self.change_typing(room, |typing| {
                let before = typing.len();
                typing.retain(|_, until_ms| *until_ms > now_ms);
                typing.len() != before
            });
            if let Err(error) = result {
                tracing::warn!(%error, "typing notices could not be ended");
            }
        }
    }

    /// Changes who types in a room; `change` says whether anybody needs to hear of it.
    pub(crate) fn change_typing(
        &self,
        room: RoomSid,
        change: impl FnOnce(&mut std::collections::BTreeMap<kith_store::UserSid, u64>) -> bool,
    ) -> Result<(), kith_store::Error> {
        let mut txn = self.store.begin();
        let position = txn.position()?;
        let changed = self.store.live().change_typing(room, |row| {
            let changed = change(&mut row.until_ms);
            if changed {
                row.position = row.position.max(position);
            }
            changed
        });
        if !changed {
            return Ok(());
        }
        txn.change(position, ChangeKind::Typing { room });
        // Nothing is written, so there is nothing to wait for.
        drop(self.store.commit(txn)?);
        Ok(())
    }
}
