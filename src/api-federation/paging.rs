//! From ruma's words for pages to the room domain's.

use kith_store::Direction;
use ruma::UInt;

/// The direction of a page.
pub(crate) fn direction(direction: ruma::api::Direction) -> Direction {
    match direction {
        ruma::api::Direction::Backward => Direction::Backward,
        ruma::api::Direction::Forward => Direction::Forward,
    }
}

/// How many; numbers beyond what fits are as good as the greatest that does.
pub(crate) fn limit(limit: UInt) -> usize {
    usize::try_from(u64::from(limit)).unwrap_or(usize::MAX)
}
