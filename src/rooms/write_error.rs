//! What can go wrong with any write to a room. Each family of verbs adds what only it can meet.

use kith_event::{ParseError, auth::AuthError, build::BuildError};

use crate::{lane::Busy, policy::Unsigned};

/// Why a room was not changed.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] kith_store::Error),
    /// Too many are writing the room.
    #[error("the room is too busy, try again")]
    Busy,
    /// The rules of the room forbid it.
    #[error("{0}")]
    Refused(String),
    /// The room's policy server has to sign an event first.
    #[error("the room's policy server has not signed the event")]
    Unsigned(Box<Unsigned>),
    /// The room's policy server cannot be asked.
    #[error("{0}")]
    NoPolicy(String),
    /// The user's account is suspended.
    #[error("this account is suspended: it can read, leave rooms and take back its own messages")]
    Suspended,
    /// The event, or one of its fields, is larger than events may be.
    #[error("{0}")]
    TooLarge(String),
    /// The content is not what the room version or the event type wants.
    #[error("{0}")]
    Malformed(String),
    /// The forks of the room cannot be brought together: what is stored of it is damaged.
    #[error("the room's forks cannot be resolved: {0}")]
    Unresolvable(String),
}

impl WriteError {
    pub(crate) fn refused(reason: impl Into<String>) -> Self {
        Self::Refused(reason.into())
    }
}

impl From<Busy> for WriteError {
    fn from(_: Busy) -> Self {
        Self::Busy
    }
}

impl From<AuthError> for WriteError {
    fn from(error: AuthError) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<BuildError> for WriteError {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::Format(ParseError::TooLarge) => Self::TooLarge(error.to_string()),
            BuildError::Content(_) | BuildError::Format(_) => Self::Malformed(error.to_string()),
        }
    }
}
