//! The word with which a client asks for the next results: where they begin, how many there were before, and whether
//! they are those of one group alone.

use std::fmt;

use kith_store::{RoomSid, UserSid};

use crate::index::{Mark, Order};

/// A token is never longer than this, in bytes.
const TOKEN_BYTES_MAX: usize = 128;

/// Where to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Continuation {
    pub(crate) order: Order,
    pub(crate) group: Option<Group>,
    /// How many results there were before.
    pub(crate) given: u64,
    /// The last of them.
    pub(crate) after: Mark,
}

/// Results that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Group {
    Room(RoomSid),
    Sender(UserSid),
}

impl fmt::Display for Continuation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = match self.order {
            Order::Rank => 'k',
            Order::Recent => 't',
        };
        let Mark { rank, timestamp_ms, event } = self.after;
        write!(f, "e1{order}_{}_{rank}_{timestamp_ms}_{event}", self.given)?;
        match self.group {
            None => Ok(()),
            Some(Group::Room(room)) => write!(f, "_r{}", room.0),
            Some(Group::Sender(sender)) => write!(f, "_s{}", sender.0),
        }
    }
}

impl Continuation {
    /// Reads a token that a client sent; none if it is not one of these.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let mut parts = text.split('_');
        let order = match parts.next()? {
            "e1k" => Order::Rank,
            "e1t" => Order::Recent,
            _ => return None,
        };
        let given = parts.next()?.parse().ok()?;
        let rank = parts.next()?.parse().ok()?;
        let timestamp_ms = parts.next()?.parse().ok()?;
        let event = parts.next()?.parse().ok()?;
        let group = match parts.next() {
            None => None,
            Some(group) => Some(parse_group(group)?),
        };
        let whole = parts.next().is_none();
        whole.then_some(Self { order, group, given, after: Mark { rank, timestamp_ms, event } })
    }
}

fn parse_group(text: &str) -> Option<Group> {
    if let Some(room) = text.strip_prefix('r') {
        return Some(Group::Room(RoomSid(room.parse().ok()?)));
    }
    Some(Group::Sender(UserSid(text.strip_prefix('s')?.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let after = Mark { rank: 1_065_353_216, timestamp_ms: 1_700_000_000_000, event: 42 };
        for order in [Order::Rank, Order::Recent] {
            for group in [None, Some(Group::Room(RoomSid(7))), Some(Group::Sender(UserSid(8)))] {
                let token = Continuation { order, group, given: 10, after };
                assert_eq!(Continuation::parse(&token.to_string()), Some(token));
            }
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "e1k",
            "e1k_1_2_3",
            "e2k_1_2_3_4",
            "e1k_1_2_3_4_",
            "e1k_1_2_3_4_x5",
            "e1k_1_2_3_4_r5_6",
            "e1k_-1_2_3_4",
        ] {
            assert_eq!(Continuation::parse(text), None, "{text}");
        }
        assert_eq!(Continuation::parse(&format!("e1k_{}_2_3_4", "0".repeat(200))), None);
    }
}
