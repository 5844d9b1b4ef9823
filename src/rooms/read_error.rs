//! Why a read of a room gives nothing.

use crate::tokens::UnknownToken;

/// Why a read of a room gives nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The viewer may not look into the room, or there is no such room: which of the two is not told.
    #[error("you are not allowed to view this room")]
    Forbidden,
    /// There is no such thing, or the viewer may not know of it.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// A parameter makes no sense.
    #[error("{0}")]
    InvalidParam(&'static str),
    /// A pagination token that this server did not make.
    #[error(transparent)]
    UnknownToken(#[from] UnknownToken),
    /// Most members of the room are not known yet.
    #[error("the members of this room are still being fetched")]
    Incomplete,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] kith_store::Error),
}
