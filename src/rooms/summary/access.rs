//! Who may know of a room without reading it.

use kith_store::{Error, Read, tables::members::Membership};
use ruma::room::{JoinRuleSummary, RoomSummary};

use super::is_open;
use crate::{
    Rooms,
    viewer::Viewer,
    visibility::{RoomView, Standing},
};

/// How many of the rooms that let their members into a restricted room are looked at.
const ALLOWED_ROOMS_MAX: usize = 100;

impl RoomView<'_> {
    /// Whether the viewer may know that the room exists and what it is called: they are in it, or may be told of it.
    pub(crate) fn may_know(&self, summary: &RoomSummary) -> Result<bool, Error> {
        if *self.standing() == Standing::Joined {
            return Ok(true);
        }
        let membership = self.member().map(|member| member.membership);
        self.rooms.may_know_of(self.read, self.viewer, membership, summary)
    }
}

impl Rooms {
    /// Whether a viewer may be told of a room that they are not in: they are asked in, or anybody may read it, ask to
    /// join it, or join it from where the viewer is.
    pub(crate) fn may_know_of(
        &self,
        read: &dyn Read,
        viewer: &Viewer,
        membership: Option<Membership>,
        summary: &RoomSummary,
    ) -> Result<bool, Error> {
        if summary.world_readable {
            return Ok(true);
        }
        match membership {
            Some(Membership::Invite | Membership::Knock) => return Ok(true),
            Some(Membership::Ban) => return Ok(false),
            _ => {}
        }
        if is_open(summary) {
            return Ok(true);
        }
        match &summary.join_rule {
            JoinRuleSummary::Restricted(restricted) => {
                let rooms = restricted.allowed_room_ids.get(..ALLOWED_ROOMS_MAX);
                self.is_in_any(read, viewer, rooms.unwrap_or(&restricted.allowed_room_ids))
            }
            _ => Ok(false),
        }
    }
}
