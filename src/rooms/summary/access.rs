//! Who may know of a room without reading it.

use kith_store::{Error, tables::members::Membership};
use ruma::room::{JoinRuleSummary, RoomSummary};

use super::is_open;
use crate::visibility::{RoomView, Standing};

/// How many of the rooms that let their members into a restricted room are looked at.
const ALLOWED_ROOMS_MAX: usize = 100;

impl RoomView<'_> {
    /// Whether the viewer may know that the room exists and what it is called: they are in it or asked in, or anybody
    /// may read it, ask to join it, or join it from where the viewer is.
    pub(crate) fn may_know(&self, summary: &RoomSummary) -> Result<bool, Error> {
        if *self.standing() == Standing::Joined || summary.world_readable {
            return Ok(true);
        }
        match self.member().map(|member| member.membership) {
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
                let rooms = rooms.unwrap_or(&restricted.allowed_room_ids);
                self.rooms.is_in_any(self.read, self.viewer, rooms)
            }
            _ => Ok(false),
        }
    }
}
