//! Who may know of a room without reading it.

use kith_store::{
    Error, Read,
    tables::members::{MEMBERSHIPS, Membership},
};
use ruma::{
    RoomId,
    room::{JoinRuleSummary, RoomSummary},
};

use super::is_open;
use crate::{
    Rooms,
    viewer::Viewer,
    visibility::{RoomView, Standing},
};

/// How many of the rooms that let their members into a restricted room are looked at.
const ALLOWED_ROOMS_MAX: usize = 100;

impl RoomView<'_> {
    /// Whether the viewer may know that the room exists and what it is called: they are in it or asked in, or anybody
    /// may read it, ask to join it, or join it from where the viewer is.
    pub(crate) fn may_know(&self, summary: &RoomSummary) -> Result<bool, Error> {
        if *self.standing() == Standing::Joined || summary.world_readable {
            return Ok(true);
        }
        let membership = self.member().map(|member| member.membership);
        self.rooms.may_know(self.read, self.viewer, membership, summary)
    }
}

impl Rooms {
    /// The same of a room that this server does not take part in, as another server sums it up.
    pub(crate) fn may_know_elsewhere(
        &self,
        read: &dyn Read,
        viewer: &Viewer,
        summary: &RoomSummary,
    ) -> Result<bool, Error> {
        if summary.world_readable {
            return Ok(true);
        }
        let membership = self.membership_elsewhere(read, viewer, &summary.room_id)?;
        self.may_know(read, viewer, membership, summary)
    }

    /// What a viewer is to a room, as far as that is known here.
    pub(crate) fn membership_elsewhere(
        &self,
        read: &dyn Read,
        viewer: &Viewer,
        room_id: &RoomId,
    ) -> Result<Option<Membership>, Error> {
        let (Some(user), Some(room)) = (viewer.user, self.store.ids().find_room(room_id)?) else {
            return Ok(None);
        };
        Ok(MEMBERSHIPS.get(read, &(user, room))?.map(|record| record.membership))
    }

    fn may_know(
        &self,
        read: &dyn Read,
        viewer: &Viewer,
        membership: Option<Membership>,
        summary: &RoomSummary,
    ) -> Result<bool, Error> {
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
                let rooms = rooms.unwrap_or(&restricted.allowed_room_ids);
                self.is_in_any(read, viewer, rooms)
            }
            _ => Ok(false),
        }
    }
}
