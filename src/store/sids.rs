//! Interned ids: small numbers that stand for names, given out once and never reused.
//!
//! A name is long and repeated in every key; a sid is eight bytes, sorts, and copies.
//! The tables that hold the names are read and written through [`crate::ids::Ids`].

use serde::{Deserialize, Serialize};

macro_rules! sid {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
        pub struct $name(pub u64);
    };
}

sid!(
    /// A room.
    RoomSid
);
sid!(
    /// An event, whether stored, rejected or only heard of.
    EventSid
);
sid!(
    /// A user of this server or of another one.
    UserSid
);
sid!(
    /// A homeserver.
    ServerSid
);
sid!(
    /// A `(type, state_key)` pair.
    StateKeySid
);
sid!(
    /// The place of one committed change in the one order that all readers share.
    ///
    /// Positions grow, have gaps, and survive restarts; 0 stands before everything.
    Position
);

impl Position {
    /// Before every change.
    pub const START: Self = Self(0);
    /// Behind every change.
    pub const END: Self = Self(u64::MAX);

    /// The position right behind this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}
