//! What this server does, being in a room, for users of other servers who come, knock and go: it says what their
//! member event builds on, and takes the event in once their server has signed it.
//! <https://spec.matrix.org/v1.19/server-server-api/#joining-rooms>
//!
//! Asking others to do the same for users of this server is in `visiting`.

mod answer;
mod exchange;
mod handed_in;
mod offers;

use kith_event::{parse::ParseError, verify::VerifyError};
use ruma::{OwnedRoomId, OwnedUserId, RoomId, ServerName, UserId};

use crate::{Rooms, WriteError, membership::MembershipError, room::Room};

pub(crate) use self::handed_in::check_member_event;
pub use self::{
    answer::JoinAnswer,
    exchange::{BoundInvite, Exchange},
    handed_in::HandedIn,
    offers::Offer,
};

/// Why something is not done for another server.
#[derive(Debug, thiserror::Error)]
pub enum ResidentError {
    /// As any write: what the rules of the room forbid, among others.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// This server is not in the room.
    #[error("this server is not in the room {0}")]
    UnknownRoom(OwnedRoomId),
    /// This server has come into the room itself just now and cannot vouch for what it is.
    #[error("this server does not know all of the room {0} yet")]
    Incomplete(OwnedRoomId),
    /// A server speaks for somebody else's user.
    #[error("{0} is not a user of the server that asks")]
    WrongServer(OwnedUserId),
    /// The room's ACL keeps the server out.
    #[error("the server is not allowed in this room")]
    Denied,
    /// The other server does not know the version of the room.
    #[error("the server does not support the version of this room, {0}")]
    IncompatibleVersion(String),
    /// Another server may know whether the user may join.
    #[error("this server cannot tell whether the user may join")]
    UnableToAuthorise,
    /// The user may join, but nobody of this server can vouch for them.
    #[error("nobody of this server can vouch for the user")]
    UnableToGrant,
    /// The event is not what has to be sent here.
    #[error("{0}")]
    Invalid(String),
    /// The event is not signed as it has to be.
    #[error("{0}")]
    Unverified(String),
    /// An invite cannot be issued for another server, or is not wanted by the user here.
    #[error(transparent)]
    Invite(MembershipError),
    /// There is no such user here, or not any more.
    #[error("{0} has no account here")]
    UnknownUser(OwnedUserId),
    /// The operator has closed the room.
    #[error("this room has been blocked on this server")]
    RoomClosed,
    /// What has to come with an invite did not.
    #[error("{0}")]
    MissingState(String),
    /// What came is larger than it may be.
    #[error("{0}")]
    TooLarge(String),
}

impl From<kith_store::Error> for ResidentError {
    fn from(error: kith_store::Error) -> Self {
        Self::Write(error.into())
    }
}

impl From<ParseError> for ResidentError {
    fn from(error: ParseError) -> Self {
        match error {
            ParseError::TooLarge => Self::TooLarge(error.to_string()),
            ParseError::Json(_) | ParseError::Field(_) => Self::Invalid(error.to_string()),
        }
    }
}

impl From<VerifyError> for ResidentError {
    fn from(error: VerifyError) -> Self {
        Self::Unverified(error.to_string())
    }
}

impl Rooms {
    /// A room that this server is in, for a server that may be there too.
    pub(crate) fn room_for(&self, server: &ServerName, room_id: &RoomId) -> Result<Room, ResidentError> {
        let unknown = || ResidentError::UnknownRoom(room_id.to_owned());
        let room = self.room(room_id)?.ok_or_else(unknown)?;
        // A room that everybody of this server has left is as unknown as any other.
        if self.find_heads(room.sid)?.is_none() || self.local_joined(room.sid)?.is_empty() {
            return Err(unknown());
        }
        if !self.is_allowed_by_acl(room.sid, server)? {
            return Err(ResidentError::Denied);
        }
        if self.is_partial(room.sid)? {
            return Err(ResidentError::Incomplete(room.id));
        }
        Ok(room)
    }
}

/// Servers speak for their own users only.
pub(crate) fn check_speaks_for(server: &ServerName, user: &UserId) -> Result<(), ResidentError> {
    if user.server_name() == server { Ok(()) } else { Err(ResidentError::WrongServer(user.to_owned())) }
}
