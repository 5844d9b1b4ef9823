//! `sids` and `names`: every interned name and its number, in both directions.

use crate::{catalog::families, table::Table};

/// What a number stands for. The discriminant is part of every key and never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A room id.
    Room = 0,
    /// A user id.
    User = 1,
    /// An event id.
    Event = 2,
    /// A server name.
    Server = 3,
    /// An event type and a state key.
    StateKey = 4,
}

impl Kind {
    /// How many kinds there are.
    pub const COUNT: usize = 5;
}

/// `(kind, name) → sid`.
pub static SIDS: Table<(u8, String), u64> = Table::new(families::SIDS);
/// `(kind, sid) → name`.
pub static NAMES: Table<(u8, u64), String> = Table::new(families::NAMES);

/// One name for a type and a state key: the type's length in bytes, a colon, then both. Either may hold any character.
pub fn join_state_key(kind: &str, state_key: &str) -> String {
    format!("{}:{kind}{state_key}", kind.len())
}

/// The reverse of [`join_state_key`].
pub fn split_state_key(name: &str) -> Option<(&str, &str)> {
    let (length, rest) = name.split_once(':')?;
    rest.split_at_checked(length.parse().ok()?)
}
