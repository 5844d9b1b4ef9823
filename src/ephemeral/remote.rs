//! What other servers tell of their users: typing notices, receipts, presence. That a user belongs to the server that
//! tells is known when it gets here; whether the user is in the room, or known at all, is seen here.
//! <https://spec.matrix.org/v1.19/server-server-api/#edus>

use kith_store::{
    Committed, Error, EventSid, Position, UserSid,
    live::{PresenceRow, PresenceState},
    tables::{
        members::Membership,
        receipts::{ReceiptKind, ReceiptRecord},
    },
};
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId, RoomId, UserId, events::receipt::ReceiptThread};

use crate::{
    Ephemeral, ReceiptError,
    presence::{NOBODY, STATUS_BYTES_MAX},
};

/// How long a typing notice lasts that another server does not repeat.
const REMOTE_TYPING_MS: u64 = 60_000;
/// Of how many users the presence is kept, those of this server included; beyond, only of those known already.
const PRESENCE_ROWS_MAX: usize = 100_000;

/// A public read receipt of another server's user.
#[derive(Clone, Debug)]
pub struct RemoteReceipt {
    /// The room.
    pub room_id: OwnedRoomId,
    /// Whose.
    pub user_id: OwnedUserId,
    /// The events read up to.
    pub event_ids: Vec<OwnedEventId>,
    /// The thread it speaks of.
    pub thread_id: Option<String>,
    /// When it was sent, in unix milliseconds, if that is said.
    pub at_ms: Option<u64>,
}

/// How another server's user presents themselves.
#[derive(Clone, Debug)]
pub struct RemotePresence {
    /// Who.
    pub user_id: OwnedUserId,
    /// Online, unavailable or offline.
    pub state: PresenceState,
    /// The status message.
    pub status: Option<String>,
    /// How long ago the user was last active, in milliseconds.
    pub last_active_ago_ms: u64,
    /// Whether the user is active right now.
    pub currently_active: bool,
}

impl Ephemeral {
    /// Another server says that a user of it types, or no longer. Ignored unless the user is in the room.
    pub fn receive_typing(&self, room_id: &RoomId, user_id: &UserId, typing: bool) -> Result<(), Error> {
        let Some(room) = self.store.ids().find_room(room_id)? else { return Ok(()) };
        let Some(user) = self.store.ids().find_user(user_id)? else { return Ok(()) };
        if self.rooms.membership(user, room)? != Some(Membership::Join) {
            return Ok(());
        }
        let until_ms = self.clock.now_ms() + REMOTE_TYPING_MS;
        self.change_typing(room, |users| match typing {
            true => users.insert(user, until_ms).is_none(),
            false => users.remove(&user).is_some(),
        })
    }

    /// Another server says how far users of it have read. Receipts for events that are not known here are ignored, and
    /// so are those of users who are not in the room.
    pub fn receive_receipts(&self, receipts: &[RemoteReceipt]) -> Result<(), Error> {
        let mut last = None;
        for receipt in receipts {
            match self.receive_receipt(receipt) {
                Ok(committed) => last = committed.or(last),
                Err(ReceiptError::Store(error)) => return Err(error),
                Err(error) => {
                    let (user_id, room_id) = (&receipt.user_id, &receipt.room_id);
                    tracing::debug!(%user_id, %room_id, %error, "a receipt of another server is ignored");
                }
            }
        }
        // What was written before the last is durable before it is.
        last.map_or(Ok(()), Committed::wait_durable)
    }

    fn receive_receipt(&self, receipt: &RemoteReceipt) -> Result<Option<Committed>, ReceiptError> {
        let room = self.store.ids().find_room(&receipt.room_id)?.ok_or(ReceiptError::NotInRoom)?;
        let user = self.store.ids().find_user(&receipt.user_id)?.ok_or(ReceiptError::NotInRoom)?;
        if self.rooms.membership(user, room)? != Some(Membership::Join) {
            return Err(ReceiptError::NotInRoom);
        }
        let mut newest: Option<(Position, EventSid)> = None;
        for event_id in &receipt.event_ids {
            match self.place_of(room, event_id) {
                Ok((event, position)) => newest = newest.max(Some((position, event))),
                Err(ReceiptError::UnknownEvent) => {}
                Err(error) => return Err(error),
            }
        }
        let (event_position, event) = newest.ok_or(ReceiptError::UnknownEvent)?;
        let thread = ReceiptThread::try_from(receipt.thread_id.clone());
        let thread = self.thread_key(&thread.map_err(|_| ReceiptError::WrongThread)?, event)?;
        let now_ms = self.clock.now_ms();
        let timestamp_ms = receipt.at_ms.unwrap_or(now_ms).min(now_ms);
        let record = ReceiptRecord { event, event_position, timestamp_ms, position: Position::START };
        let key = (room, user, ReceiptKind::Public as u8, thread);
        Ok(self.move_receipt(key, ReceiptKind::Public, record)?)
    }

    /// Another server says how users of it present themselves. Ignored for users with whom nobody here shares a room.
    pub fn receive_presence(&self, updates: Vec<RemotePresence>) -> Result<(), Error> {
        if !self.config.presence.enabled {
            return Ok(());
        }
        for update in updates {
            let Some(user) = self.store.ids().find_user(&update.user_id)? else { continue };
            let old = self.store.live().presence(user);
            let room = old.is_some() || self.store.live().presence_count() < PRESENCE_ROWS_MAX;
            if room && self.is_met_here(user)? {
                self.present(user, old, update)?;
            }
        }
        Ok(())
    }

    fn present(&self, user: UserSid, old: Option<PresenceRow>, update: RemotePresence) -> Result<(), Error> {
        let now_ms = self.clock.now_ms();
        let row = PresenceRow {
            position: old.as_ref().map_or(Position::START, |old| old.position),
            state: update.state,
            status: update.status.filter(|status| status.len() <= STATUS_BYTES_MAX),
            last_active_ms: now_ms.saturating_sub(update.last_active_ago_ms),
            currently_active: update.currently_active,
            told_ms: Some(now_ms),
        };
        let seen = |row: &PresenceRow| (row.state, row.status.clone(), row.currently_active);
        if seen(&row) == seen(old.as_ref().unwrap_or(&NOBODY)) {
            // Nothing that anybody would see has changed, so nobody is woken.
            if old.is_some() {
                self.store.live().set_presence(user, row);
            }
            return Ok(());
        }
        self.change(user, row)
    }

    /// Whether somebody of this server shares a room with a user.
    fn is_met_here(&self, user: UserSid) -> Result<bool, Error> {
        for room in self.rooms.joined_rooms(user)? {
            if !self.rooms.local_joined(room)?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
