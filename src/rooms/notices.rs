//! Server notices: what the operator tells a user, in a room that belongs to the two of them.
//! <https://spec.matrix.org/v1.19/client-server-api/#server-notices>
//!
//! The user who sends them is made with the first notice and shown as the configuration says. Nobody logs in as this
//! user.

use kith_accounts::{Account, ProfileError, RegisterError, Requester, TagError};
use kith_store::{
    Error, RoomSid,
    tables::{events::Transaction, members::Membership},
};
use parking_lot::Mutex;
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId, RoomId, UserId};
use serde_json::{Map, json, value::RawValue};

use crate::{
    Rooms, WriteError,
    acting::content,
    create::{CreateError, InitialState, NewRoom, Preset},
    membership::{Joining, MembershipError},
    send::{NewMessage, NewState, SendError},
};

/// The tag by which clients know the room.
const TAG: &str = "m.server_notice";
/// The power of whoever is told something: not even enough to answer.
const READER_LEVEL: i64 = -10;

/// One room is looked for or made at a time, so that nobody gets two.
pub(crate) type Finding = Mutex<()>;

/// What a user is to be told.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The type of the event.
    pub kind: String,
    /// The state key, if it is state.
    pub state_key: Option<String>,
    /// The content.
    pub content: Box<RawValue>,
    /// Repeating it gives the same event.
    pub transaction_id: Option<String>,
}

/// Why a user was not told.
#[derive(Debug, thiserror::Error)]
pub enum NoticeError {
    /// The operator has not said who sends notices.
    #[error("server notices are not enabled on this server")]
    Off,
    /// The account that sends notices can do nothing any more.
    #[error("the account that sends server notices is closed or locked")]
    SenderClosed,
    /// Other servers have notices of their own.
    #[error("server notices go to users of this server only")]
    NotLocal,
    /// There is no such account, or it is closed.
    #[error("there is no such user")]
    UnknownUser,
    /// The account that sends notices could not be made.
    #[error(transparent)]
    Account(#[from] RegisterError),
    /// It could not be given its name or picture.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The room could not be made.
    #[error(transparent)]
    Create(#[from] CreateError),
    /// The room could not be marked.
    #[error(transparent)]
    Tag(#[from] TagError),
    /// The user could not be invited.
    #[error(transparent)]
    Membership(#[from] MembershipError),
    /// The event could not be sent.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Rooms {
    /// Tells a user of this server something. They are invited to the room for it, unless they are in it.
    pub fn send_notice(&self, user_id: &UserId, notice: Notice) -> Result<OwnedEventId, NoticeError> {
        let localpart = self.config.server_notices.localpart.as_deref().ok_or(NoticeError::Off)?;
        if !self.is_local(user_id) {
            return Err(NoticeError::NotLocal);
        }
        let reader = self.accounts.find_account(user_id)?.filter(|account| !account.deactivated);
        let reader = reader.ok_or(NoticeError::UnknownUser)?;
        let finding = self.finding_notices.lock();
        let sender = self.notices_sender(localpart)?;
        if sender.user == reader.user {
            return Err(NoticeError::UnknownUser);
        }
        let room_id = self.notices_room(&sender, &reader)?;
        drop(finding);
        let Notice { kind, state_key, content, transaction_id } = notice;
        let event_id = match state_key {
            None => {
                let kind = kind.into();
                let message =
                    NewMessage { kind, content, transaction_id, timestamp_ms: None, sticky_ms: None };
                self.send_message(&sender, &room_id, message)?
            }
            Some(state_key) => {
                let kind = kind.into();
                let state = NewState { kind, state_key, content, timestamp_ms: None };
                let transaction = transaction_id.map(|id| Transaction { device: String::new(), id });
                self.send_state_in(&sender, &room_id, state, transaction)?
            }
        };
        Ok(event_id)
    }

    /// Whether a room is one for notices: whoever sends them is in it.
    pub(crate) fn is_notices_room(&self, room: RoomSid) -> Result<bool, Error> {
        let Some(sender) = self.notices_sender_id() else { return Ok(false) };
        match self.store.ids().find_user(&sender)? {
            Some(sender) => self.is_joined(sender, room),
            None => Ok(false),
        }
    }

    /// Who sends notices, if anybody does.
    pub(crate) fn notices_sender_id(&self) -> Option<OwnedUserId> {
        let localpart = self.config.server_notices.localpart.as_deref()?;
        UserId::parse(format!("@{localpart}:{}", self.server_name)).ok()
    }

    /// Who sends notices; made if need be, and shown as the operator wants.
    fn notices_sender(&self, localpart: &str) -> Result<Requester, NoticeError> {
        let user_id = self.notices_sender_id().ok_or(NoticeError::Off)?;
        if self.accounts.find_account(&user_id)?.is_none() {
            self.accounts.create_user(localpart, None, false)?;
        }
        let user = self.accounts.find_active_user(&user_id)?.ok_or(NoticeError::SenderClosed)?;
        let sender = self.accounts.later_requester(user, None)?.ok_or(NoticeError::SenderClosed)?;
        let (profile, wanted) = (self.accounts.profile(user)?, &self.config.server_notices);
        let name = Some(wanted.display_name.clone()).filter(|name| !name.is_empty());
        let fields = [
            ("displayname", profile.display_name, name),
            ("avatar_url", profile.avatar_url, wanted.avatar_url.clone()),
        ];
        for (field, now, wanted) in fields {
            if now != wanted {
                let change = self.accounts.set_profile_field(&sender, &user_id, field, &json!(wanted))?;
                self.propagate_profile(&change)?;
            }
        }
        Ok(sender)
    }

    /// The room for what a user is told. Whoever has left theirs gets another.
    fn notices_room(&self, sender: &Requester, reader: &Account) -> Result<OwnedRoomId, NoticeError> {
        for (room, record) in self.rooms_of(reader.user)? {
            let is_there = matches!(record.membership, Membership::Join | Membership::Invite);
            if is_there && self.is_joined(sender.user, room)? {
                return Ok(self.store.ids().room_id(room)?);
            }
        }
        let room_id = self.create_room(sender, self.new_notices_room().map_err(CreateError::from)?)?;
        let room = self.store.ids().room(&room_id)?;
        // Before the invite, so that no client takes it for an invite like any other.
        self.accounts.set_tag(reader.user, room, TAG, json!({}))?;
        self.bring_in(sender, reader, &room_id)?;
        Ok(room_id)
    }

    fn new_notices_room(&self) -> Result<NewRoom, WriteError> {
        let wanted = &self.config.server_notices;
        let mut initial_state = Vec::new();
        if let Some(url) = &wanted.room_avatar_url {
            let (kind, content) = ("m.room.avatar".to_owned(), content(&json!({ "url": url }))?);
            initial_state.push(InitialState { kind, state_key: String::new(), content });
        }
        Ok(NewRoom {
            preset: Some(Preset::PrivateChat),
            name: Some(wanted.room_name.clone()),
            topic: wanted.room_topic.clone(),
            initial_state,
            power_level_override: Map::from_iter([("users_default".to_owned(), READER_LEVEL.into())]),
            // This server has no keys of its own to encrypt with.
            never_encrypted: true,
            ..NewRoom::default()
        })
    }

    fn bring_in(&self, sender: &Requester, reader: &Account, room_id: &RoomId) -> Result<(), NoticeError> {
        self.invite(sender, room_id, &reader.user_id, None)?;
        if !self.config.server_notices.auto_join {
            return Ok(());
        }
        // A user who can join nothing at the moment finds the invite later.
        let Some(requester) = self.accounts.later_requester(reader.user, None)? else { return Ok(()) };
        match self.join(&requester, room_id, Joining::default()) {
            Err(MembershipError::Write(WriteError::Suspended)) => Ok(()),
            joined => Ok(joined?),
        }
    }
}
