//! What a viewer is to a room: in it, gone from it, or never in it.

use kith_store::{
    Error, EventSid,
    state::StateRoot,
    tables::{events::EVENT_META, members::Membership},
};

use super::RoomView;
use crate::tokens::Place;

/// How many of a user's membership events are followed back to find when they left.
const MEMBERSHIPS_FOLLOWED_MAX: usize = 256;

/// What a viewer is to a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A member.
    Joined,
    /// Was a member once; may have been invited or banned since.
    Departed(Departure),
    /// Never was a member, or asked to forget it.
    Outside,
}

/// Where somebody's last time in a room ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Departure {
    /// The event that ended it.
    pub event: EventSid,
    /// Where that stands in the room.
    pub place: Place,
    /// The room's state with that event in it: what remains readable.
    pub state: StateRoot,
}

/// The membership row says what the user is now; when they were last in the room is told by the states before their
/// membership events, followed back.
pub(super) fn find(view: &RoomView<'_>) -> Result<Standing, Error> {
    if view.viewer.operator {
        return Ok(Standing::Joined);
    }
    let Some(record) = &view.member else { return Ok(Standing::Outside) };
    if record.membership == Membership::Join {
        return Ok(Standing::Joined);
    }
    if record.forgotten {
        return Ok(Standing::Outside);
    }
    let mut event = record.event;
    for followed in 0..MEMBERSHIPS_FOLLOWED_MAX {
        let meta = EVENT_META.get(view.read, &event)?;
        let Some((meta, place)) = meta.and_then(|meta| Some((meta.clone(), meta.place?))) else {
            // An invite or a leave that came from outside, while this server was not in the room; what was before
            // that, the state tells that was left behind.
            let left = view.heads().map(|heads| heads.state).filter(|_| followed == 0);
            let left = left.map(|root| view.entry(root, view.member_key)).transpose()?.flatten();
            match left.filter(|left| *left != event) {
                Some(left) => event = left,
                None => break,
            }
            continue;
        };
        let Some(before) = view.entry(place.state_before, view.member_key)? else { break };
        if view.membership_of(before)? == Some(Membership::Join) {
            let at = Place { depth: meta.depth, order: place.order };
            return Ok(Standing::Departed(Departure { event, place: at, state: place.room_state }));
        }
        event = before;
    }
    Ok(Standing::Outside)
}
