//! Membership: one file per verb. Each reads the room, says in words why not if not, builds the member event and puts
//! it on the one road.
//! <https://spec.matrix.org/v1.19/client-server-api/#room-membership>

mod ban;
pub(crate) mod by_state;
pub(crate) mod carry_over;
mod forget;
pub(crate) mod guests;
pub(crate) mod invite;
pub(crate) mod join;
mod kick;
pub(crate) mod knock;
mod leave;
mod profile;
pub(crate) mod restricted;
pub(crate) mod third_party;

use kith_event::build::Draft;
use kith_store::{EventSid, tables::members::Membership};
use ruma::{UserId, events::StateEventType};
use serde_json::{Map, Value};

use crate::{Rooms, WriteError, acting::content, commit::RoomWrite};

pub use self::{join::Joining, third_party::ThirdPartySigned};

/// Why a membership was not changed.
#[derive(Debug, thiserror::Error)]
pub enum MembershipError {
    /// As any write.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// This server does not know the room.
    #[error("this server does not know the room")]
    UnknownRoom,
    /// An operator of this server has closed the room.
    #[error("this room has been blocked on this server")]
    Blocked,
    /// Guests are not let in.
    #[error("guests may not join this room")]
    NoGuests,
    /// The user does not want to be invited.
    #[error("{0} does not accept invites")]
    InviteBlocked(ruma::OwnedUserId),
    /// The room is the one for notices of this server.
    #[error("you cannot reject this invite")]
    NoticesRoom,
    /// There is no ban to lift.
    #[error("{0} is not banned from the room")]
    NotBanned(ruma::OwnedUserId),
    /// The room is restricted, and nobody of this server may vouch for the user.
    #[error("nobody of this server can vouch for you in this room")]
    NoVoucher,
    /// A user who is in the room, or invited, cannot forget it.
    #[error("leave the room before forgetting it")]
    StillThere,
    /// A server that is in the room says no.
    #[error("{message}")]
    Remote {
        /// The status of its answer.
        status: u16,
        /// Its code for the reason.
        errcode: String,
        /// Its words.
        message: String,
    },
    /// No server that is in the room gave an answer that is of use.
    #[error("no server in the room could help: {0}")]
    NoHelp(String),
    /// The identity server did not help.
    #[error(transparent)]
    Identity(#[from] kith_peers::IdentityError),
    /// A membership event that says nothing a membership can be.
    #[error("{0}")]
    Malformed(String),
}

impl From<kith_store::Error> for MembershipError {
    fn from(error: kith_store::Error) -> Self {
        Self::Write(error.into())
    }
}

/// The content of a member event.
#[derive(Clone, Debug)]
pub(crate) struct MemberContent(Map<String, Value>);

impl MemberContent {
    pub(crate) fn new(membership: Membership, reason: Option<String>) -> Self {
        let mut content = Map::new();
        content.insert("membership".to_owned(), membership.as_str().into());
        content.extend(reason.map(|reason| ("reason".to_owned(), Value::String(reason))));
        Self(content)
    }

    /// Shows the user as their profile does, if they are one of this server's.
    pub(crate) fn with_profile(mut self, rooms: &Rooms, user: &UserId) -> Result<Self, WriteError> {
        if let Some(profile) = rooms.accounts.find_profile(user)? {
            self.show(profile.display_name, profile.avatar_url);
        }
        Ok(self)
    }

    pub(crate) fn show(&mut self, display_name: Option<String>, avatar_url: Option<String>) {
        self.0.extend(display_name.map(|name| ("displayname".to_owned(), Value::String(name))));
        self.0.extend(avatar_url.map(|url| ("avatar_url".to_owned(), Value::String(url))));
    }

    pub(crate) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    pub(crate) fn draft(&self, target: &UserId) -> Result<Draft, WriteError> {
        Ok(Draft::state(StateEventType::RoomMember, target.as_str(), content(&self.0)?))
    }
}

impl RoomWrite<'_> {
    /// Sends a member event, unless the state says it already.
    pub(crate) fn send_member(
        &mut self,
        sender: &UserId,
        target: &UserId,
        content: &MemberContent,
        timestamp_ms: u64,
    ) -> Result<EventSid, WriteError> {
        self.send_state(content.draft(target)?, sender, timestamp_ms)
    }

    /// Whether somebody may do something to members: they must be in the room and have the power.
    pub(crate) fn check_power_over(
        &self,
        sender: &UserId,
        target: &UserId,
        doing: &str,
        needed: impl Fn(&kith_event::power::Powers) -> ruma::Int,
    ) -> Result<(), WriteError> {
        if self.membership(sender)? != Some(Membership::Join) {
            return Err(crate::acting::not_in_room());
        }
        let powers = self.powers(self.heads.state)?;
        let needed = needed(&powers);
        if powers.of(sender) < needed {
            return Err(WriteError::Refused(format!("to {doing} needs power {needed} in this room")));
        }
        if sender != target && powers.of(target) >= powers.of(sender) {
            let reason = format!("you cannot {doing} somebody whose power is not below yours");
            return Err(WriteError::Refused(reason));
        }
        Ok(())
    }
}
