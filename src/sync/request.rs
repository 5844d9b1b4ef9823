//! What a client asks `/sync` for, and why it may be refused.

use std::time::Duration;

use crate::BadFilter;

/// What a client asks for.
#[derive(Clone, Debug, Default)]
pub struct SyncRequest {
    /// The id of a stored filter, or a filter as JSON, which begins with `{`.
    pub filter: Option<String>,
    /// Where the client's last answer ended.
    pub since: Option<String>,
    /// The whole state of every room, even if `since` is given.
    pub full_state: bool,
    /// How long to wait for something to tell.
    pub timeout: Duration,
    /// Whether state is told as of the end of the timeline.
    pub state_after: StateAfter,
}

/// Whether state is told as of the end of the timeline instead of its start, and under which name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StateAfter {
    /// `state`, as of the start of the timeline.
    #[default]
    No,
    /// `state_after`.
    Stable,
    /// `org.matrix.msc4222.state_after`, for clients that asked by the name it had as a proposal.
    Unstable,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// `since` is not a token of this server.
    #[error("`since` is not a token that this server has given out")]
    UnknownToken,
    /// The filter makes no sense.
    #[error(transparent)]
    BadFilter(#[from] BadFilter),
    /// There is no stored filter of this id.
    #[error("there is no such filter")]
    NoSuchFilter,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] kith_store::Error),
}
