//! Shutting a room down for this server's users, for the operator: they leave it and forget it, its aliases and its place
//! in the directory go, and nobody of this server gets in again if that is wanted. Who is told why gets another room.
//!
//! Deliberately absent: taking the room's rows off the disk.

use std::sync::Arc;

use kith_accounts::Requester;
use kith_store::{
    Committed, Direction, Error, UserSid,
    tables::members::{Membership, ROOM_MEMBERS},
};
use parking_lot::Mutex;
use ruma::{OwnedRoomAliasId, OwnedRoomId, OwnedUserId, RoomId, events::TimelineEventType};
use serde_json::{Map, json};

use crate::{
    Rooms,
    acting::content,
    aliases::remove_alias,
    create::{CreateError, NewRoom, Preset},
    membership::Joining,
    room::Room,
    send::{NewMessage, SendError},
};

/// How many shut-downs are remembered, running or over.
const REMEMBERED_MAX: usize = 100;
const ID_CHARACTERS: usize = 16;
/// The power of those who are moved to the room that says why: not enough to answer.
const READER_LEVEL: i64 = -10;

/// How a room is shut down.
#[derive(Clone, Debug, Default)]
pub struct ShutDownWish {
    /// Nobody of this server may join it again.
    pub block: bool,
    /// The room that its users find themselves in instead.
    pub successor: Option<Successor>,
}

/// The room that says why.
#[derive(Clone, Debug)]
pub struct Successor {
    /// Who makes it.
    pub user_id: OwnedUserId,
    /// What it is called.
    pub name: String,
    /// What it says.
    pub message: String,
}

/// What became of a room that was shut down.
#[derive(Clone, Debug, Default)]
pub struct ShutDown {
    /// Who left.
    pub kicked: Vec<OwnedUserId>,
    /// Who could not be taken out.
    pub failed: Vec<OwnedUserId>,
    /// The aliases that went, or stand for the new room.
    pub aliases: Vec<OwnedRoomAliasId>,
    /// The room that says why.
    pub new_room_id: Option<OwnedRoomId>,
}

/// How far a shut-down has come.
#[derive(Clone, Debug)]
pub enum ShuttingDown {
    /// It is under way.
    Active,
    /// It is over.
    Complete(ShutDown),
    /// It could not be done.
    Failed(String),
}

/// A shut-down that is remembered until the server stops.
#[derive(Clone, Debug)]
pub struct ShutDownStatus {
    /// By which it is asked for.
    pub id: String,
    /// The room.
    pub room_id: OwnedRoomId,
    /// How far it has come.
    pub progress: ShuttingDown,
}

/// The shut-downs that are remembered, oldest first.
pub(crate) type ShutDowns = Mutex<Vec<ShutDownStatus>>;

/// Why a room was not shut down.
#[derive(Debug, thiserror::Error)]
pub enum ShutDownError {
    /// This server does not know the room.
    #[error("this server does not know the room")]
    UnknownRoom,
    /// Whoever is to make the new room is not a user of this server.
    #[error("{0} is no user of this server")]
    UnknownUser(OwnedUserId),
    /// It is being shut down.
    #[error("the room is being shut down already")]
    Busy,
    /// The new room could not be made.
    #[error(transparent)]
    Create(#[from] CreateError),
    /// The new room could not be told why.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Rooms {
    /// Shuts a room down in the background. Answers the id by which its progress is asked for.
    pub fn shut_down_later(
        self: &Arc<Self>,
        room_id: OwnedRoomId,
        wish: ShutDownWish,
    ) -> Result<String, ShutDownError> {
        self.room(&room_id)?.ok_or(ShutDownError::UnknownRoom)?;
        self.check_successor(&wish)?;
        let id = self.random.alphanumeric(ID_CHARACTERS);
        {
            let mut known = self.shut_downs.lock();
            let running = |status: &ShutDownStatus| matches!(status.progress, ShuttingDown::Active);
            if known.iter().any(|status| status.room_id == room_id && running(status)) {
                return Err(ShutDownError::Busy);
            }
            if known.len() >= REMEMBERED_MAX {
                let over = known.iter().position(|status| !running(status)).ok_or(ShutDownError::Busy)?;
                known.remove(over);
            }
            let (id, room_id, progress) = (id.clone(), room_id.clone(), ShuttingDown::Active);
            known.push(ShutDownStatus { id, room_id, progress });
        }
        let (rooms, tasks, of) = (Arc::clone(self), self.tasks.clone(), id.clone());
        let work = move || {
            let progress = match rooms.shut_down(&room_id, &wish) {
                Ok(done) => ShuttingDown::Complete(done),
                Err(error) => ShuttingDown::Failed(error.to_string()),
            };
            if let Some(status) = rooms.shut_downs.lock().iter_mut().find(|status| status.id == of) {
                status.progress = progress;
            }
        };
        let supervisor = tasks.clone();
        supervisor.spawn("shutting a room down", async move { tasks.blocking(work).await });
        Ok(id)
    }

    /// The shut-downs that are remembered and that this is true of, oldest first.
    pub fn shut_downs(&self, wanted: impl Fn(&ShutDownStatus) -> bool) -> Vec<ShutDownStatus> {
        self.shut_downs.lock().iter().filter(|status| wanted(status)).cloned().collect()
    }

    /// Shuts a room down.
    pub fn shut_down(&self, room_id: &RoomId, wish: &ShutDownWish) -> Result<ShutDown, ShutDownError> {
        let room = self.room(room_id)?.ok_or(ShutDownError::UnknownRoom)?;
        if wish.block {
            self.set_blocked(room.sid, true)?;
        }
        let new_room_id = match (&wish.successor, self.check_successor(wish)?) {
            (Some(successor), Some(requester)) => Some(self.found_successor(&requester, successor)?),
            _ => None,
        };
        let aliases = self.aliases_of(room.sid)?;
        let new_room = new_room_id.as_deref().map(|id| self.store.ids().room(id)).transpose()?;
        let mut txn = self.store.begin();
        Self::put_published(&mut txn, room.sid, false);
        for alias in &aliases {
            remove_alias(&mut txn, alias, room.sid);
            if let Some(new_room) = new_room {
                self.move_alias(&mut txn, alias, new_room)?;
            }
        }
        self.store.commit_durably(txn)?;
        let mut done = ShutDown { aliases, new_room_id, ..ShutDown::default() };
        self.empty(&room, &mut done)?;
        Ok(done)
    }

    /// Takes this server's users out of a room, and brings those who were in it to the new one.
    fn empty(&self, room: &Room, done: &mut ShutDown) -> Result<(), Error> {
        let mut last = None;
        for (user, user_id, membership) in self.local_members(room)? {
            match self.leave_room(room.sid, &user_id, None) {
                Ok(committed) => last = Some(committed),
                Err(error) => {
                    tracing::warn!(%error, %user_id, room_id = %room.id, "a room that is shut down could not be left");
                    done.failed.push(user_id);
                    continue;
                }
            }
            if let Some(requester) = self.accounts.later_requester(user, None)? {
                if let Err(error) = self.forget(&requester, &room.id) {
                    tracing::warn!(%error, %user_id, room_id = %room.id, "a room that is shut down is not forgotten");
                }
                if let (Some(new_room_id), Membership::Join) = (&done.new_room_id, membership)
                    && let Err(error) = self.join(&requester, new_room_id, Joining::default())
                {
                    tracing::warn!(%error, %user_id, room_id = %room.id, "a user is not told why a room is shut down");
                }
            }
            done.kicked.push(user_id);
        }
        last.map_or(Ok(()), Committed::wait_durable)
    }

    /// This server's users who are in a room, invited, or knocking.
    fn local_members(&self, room: &Room) -> Result<Vec<(UserSid, OwnedUserId, Membership)>, Error> {
        let mut found = Vec::new();
        for membership in [Membership::Join, Membership::Invite, Membership::Knock] {
            let prefix = (room.sid, membership as u8);
            for row in ROOM_MEMBERS.scan(self.store.engine(), &prefix, Direction::Forward) {
                let ((_, _, user), ()) = row?;
                let user_id = self.store.ids().user_id(user)?;
                if self.is_local(&user_id) {
                    found.push((user, user_id, membership));
                }
            }
        }
        Ok(found)
    }

    fn check_successor(&self, wish: &ShutDownWish) -> Result<Option<Requester>, ShutDownError> {
        let Some(successor) = &wish.successor else { return Ok(None) };
        let unknown = || ShutDownError::UnknownUser(successor.user_id.clone());
        let user = self.accounts.find_active_user(&successor.user_id)?.ok_or_else(unknown)?;
        self.accounts.later_requester(user, None)?.ok_or_else(unknown).map(Some)
    }

    fn found_successor(
        &self,
        requester: &Requester,
        successor: &Successor,
    ) -> Result<OwnedRoomId, ShutDownError> {
        let new = NewRoom {
            preset: Some(Preset::PublicChat),
            name: Some(successor.name.clone()),
            power_level_override: Map::from_iter([("users_default".to_owned(), READER_LEVEL.into())]),
            never_encrypted: true,
            ..NewRoom::default()
        };
        let room_id = self.create_room(requester, new)?;
        let message = NewMessage {
            kind: TimelineEventType::RoomMessage,
            content: content(&json!({ "msgtype": "m.text", "body": successor.message }))
                .map_err(SendError::from)?,
            transaction_id: None,
            timestamp_ms: None,
            sticky_ms: None,
        };
        self.send_message(requester, &room_id, message)?;
        Ok(room_id)
    }
}
