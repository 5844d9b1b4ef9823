//! What can go wrong below every verb.

/// A failure of the store. It is never the caller's fault, except for [`Error::Conflict`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The engine failed to read or write.
    #[error(transparent)]
    Engine(kith_kv::Error),
    /// A commit's precondition no longer held.
    #[error("somebody else changed the row first")]
    Conflict,
    /// A row does not decode: the data directory is damaged or newer than this program.
    #[error("table {table}: a {what} does not decode")]
    Corrupt {
        /// The table's name in the catalog.
        table: &'static str,
        /// Which part of which row.
        what: &'static str,
    },
    /// A row that another row refers to is not there.
    #[error("table {table}: row {key} is missing")]
    Missing {
        /// The table's name in the catalog.
        table: &'static str,
        /// The key, for a human.
        key: String,
    },
    /// An earlier write could not be made durable, so nothing is acknowledged any more until a restart.
    #[error("the store refuses writes since the disk failed: {0}")]
    Poisoned(String),
}

impl From<kith_kv::Error> for Error {
    fn from(error: kith_kv::Error) -> Self {
        match error {
            kith_kv::Error::Conflict => Self::Conflict,
            other => Self::Engine(other),
        }
    }
}
