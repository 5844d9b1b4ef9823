//! Creating a room: all its first events in one commit.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3createroom>

mod founding;
mod levels;
mod plan;

use kith_accounts::Requester;
use kith_event::RoomVersion;
use kith_store::Error;
use ruma::{OwnedRoomAliasId, OwnedRoomId, OwnedUserId, RoomAliasId};
use serde_json::{Map, Value, value::RawValue};

use crate::{
    Rooms, WriteError, acting::check_not_suspended, aliases::AliasError, invite_rules::check_invitee,
    membership::MembershipError,
};

pub(crate) use self::{
    founding::Founding,
    levels::{CREATOR_LEVEL, raise_tombstone_level},
    plan::distinct_users,
};

/// How many users may be invited by the request that creates a room.
const INVITES_MAX: usize = 1_000;
/// How many events of its own the request may bring.
const INITIAL_STATE_MAX: usize = 1_000;

/// The room that is wanted.
#[derive(Clone, Debug, Default)]
pub struct NewRoom {
    /// It is to be in the directory.
    pub published: bool,
    /// Which rules it begins with; by default those that fit `published`.
    pub preset: Option<Preset>,
    /// The localpart of its alias.
    pub alias_localpart: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its topic.
    pub topic: Option<String>,
    /// Who is invited.
    pub invite: Vec<OwnedUserId>,
    /// Its version; by default the one the operator chose.
    pub version: Option<String>,
    /// What its create event says besides.
    pub creation_content: Map<String, Value>,
    /// State that it begins with.
    pub initial_state: Vec<InitialState>,
    /// The invites say that it is a direct chat.
    pub is_direct: bool,
    /// It stays unencrypted, whatever the operator has new rooms begin with.
    pub never_encrypted: bool,
    /// What its power levels say instead.
    pub power_level_override: Map<String, Value>,
}

/// One entry of `initial_state`.
#[derive(Clone, Debug)]
pub struct InitialState {
    /// The type.
    pub kind: String,
    /// The state key.
    pub state_key: String,
    /// The content.
    pub content: Box<RawValue>,
}

/// The rules that a room begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// One is invited.
    PrivateChat,
    /// The same, and whoever is invited is the creator's equal.
    TrustedPrivateChat,
    /// Everybody may join.
    PublicChat,
}

/// Why a room was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// As any write.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The alias cannot be had.
    #[error(transparent)]
    Alias(AliasError),
    /// Somebody cannot be invited.
    #[error(transparent)]
    Invite(MembershipError),
    /// This server does not know the room version.
    #[error("this server does not support room version {0}")]
    UnsupportedVersion(String),
    /// The state that was asked for breaks the room's own rules.
    #[error("the room cannot begin like this: {0}")]
    InvalidState(String),
    /// A parameter makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// The operator does not let the user publish the room.
    #[error("this server does not publish this room")]
    NotPublished,
}

impl Rooms {
    /// Creates a room.
    pub fn create_room(&self, requester: &Requester, new: NewRoom) -> Result<OwnedRoomId, CreateError> {
        check_not_suspended(requester)?;
        let version = self.version_for_new(new.version.as_deref())?;
        let alias = self.alias_for_new(requester, &new)?;
        self.check_invites(requester, &new)?;
        let now_ms = self.clock.now_ms();
        let plan = plan::plan(self, requester, version, &new, alias.as_deref())?;
        let mut founding = Founding::begin(self, requester, version, plan.create, now_ms)?;
        for draft in plan.state {
            founding.send(draft, &requester.user_id).map_err(invalid_state)?;
        }
        let room_id = founding.room_id().clone();
        if let Some(alias) = &alias {
            let room = founding.room();
            self.put_alias(&mut founding.txn, requester, alias, room);
        }
        if new.published {
            if !requester.admin && !self.may_publish(requester, &room_id, None)? {
                return Err(CreateError::NotPublished);
            }
            let room = founding.room();
            Self::put_published(&mut founding.txn, room, true);
        }
        match founding.done() {
            Err(WriteError::Store(Error::Conflict)) => Err(CreateError::Alias(AliasError::Taken)),
            other => {
                other?;
                self.leave_if_closed(requester.user).map_err(WriteError::from)?;
                Ok(room_id)
            }
        }
    }

    /// The version that was asked for, or the operator's choice.
    pub(crate) fn version_for_new(&self, asked: Option<&str>) -> Result<&'static RoomVersion, CreateError> {
        let id = asked.unwrap_or(&self.config.rooms.default_room_version);
        RoomVersion::find(id).ok_or_else(|| CreateError::UnsupportedVersion(id.to_owned()))
    }

    fn alias_for_new(
        &self,
        requester: &Requester,
        new: &NewRoom,
    ) -> Result<Option<OwnedRoomAliasId>, CreateError> {
        let Some(localpart) = &new.alias_localpart else { return Ok(None) };
        if localpart.contains(':') {
            return Err(CreateError::Invalid("the localpart of an alias has no colon".to_owned()));
        }
        let alias = RoomAliasId::parse(format!("#{localpart}:{}", self.server_name))
            .map_err(|error| CreateError::Invalid(format!("room_alias_name: {error}")))?;
        self.check_new_alias(requester, &alias).map_err(CreateError::Alias)?;
        match self.find_alias(&alias)? {
            Some(_) => Err(CreateError::Alias(AliasError::Taken)),
            None => Ok(Some(alias)),
        }
    }

    fn check_invites(&self, requester: &Requester, new: &NewRoom) -> Result<(), CreateError> {
        if new.invite.len() > INVITES_MAX {
            return Err(CreateError::Invalid(format!("more than {INVITES_MAX} invites")));
        }
        if new.initial_state.len() > INITIAL_STATE_MAX {
            return Err(CreateError::Invalid(format!(
                "more than {INITIAL_STATE_MAX} events of initial state"
            )));
        }
        for user in &new.invite {
            check_invitee(self, &requester.user_id, user).map_err(CreateError::Invite)?;
        }
        Ok(())
    }
}

/// What the rules refuse in a room that is just being founded is the fault of the request.
pub(crate) fn invalid_state(error: WriteError) -> CreateError {
    match error {
        WriteError::Refused(reason) => CreateError::InvalidState(reason),
        other => CreateError::Write(other),
    }
}

impl From<Error> for CreateError {
    fn from(error: Error) -> Self {
        Self::Write(error.into())
    }
}
