//! A space and the rooms right below it, for another server whose users look around.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1hierarchyroomid>

use kith_store::{
    Direction, Error, Read, RoomSid,
    tables::{
        members::{Membership, ROOM_MEMBERS},
        rooms::Heads,
    },
};
use ruma::{
    OwnedRoomId, RoomId, ServerName,
    room::{JoinRuleSummary, RoomSummary, RoomType},
};

use super::ServeError;
use crate::{
    Rooms,
    hierarchy::{Child, HierarchyRoom},
    room::Room,
    summary::is_open,
};

/// How many children of a space are told.
const CHILDREN_MAX: usize = 50;
/// How many of the rooms that let their members into a restricted room are looked at.
const ALLOWED_ROOMS_MAX: usize = 100;
/// How many invited users are looked at to find one of the server's.
const INVITED_LOOKED_AT_MAX: usize = 1_000;

/// A space and the rooms right below it.
#[derive(Debug)]
pub struct ServedHierarchy {
    /// The space.
    pub room: HierarchyRoom,
    /// The rooms below it that the server's users could join or read.
    pub children: Vec<RoomSummary>,
    /// The rooms below it that they could not, although this server knows them.
    pub inaccessible_children: Vec<OwnedRoomId>,
}

impl Rooms {
    /// `/hierarchy`: a space and the rooms right below it.
    pub fn serve_hierarchy(
        &self,
        read: &dyn Read,
        server: &ServerName,
        room_id: &RoomId,
        suggested_only: bool,
    ) -> Result<ServedHierarchy, ServeError> {
        let absent = || ServeError::NotFound("room");
        let (room, heads) = self.find_taking_part(room_id)?.ok_or_else(absent)?;
        let summary = self.summary_for_server(read, server, &room, &heads)?.ok_or_else(absent)?;
        let mut below: Vec<Child> = match summary.room_type {
            Some(RoomType::Space) => self.children_of_space(read, room.sid, heads.state)?,
            _ => Vec::new(),
        };
        below.retain(|child| !suggested_only || child.suggested);
        below.truncate(CHILDREN_MAX);
        let (mut children, mut inaccessible_children) = (Vec::new(), Vec::new());
        for child in &below {
            // Rooms that this server is not in others have to be asked for.
            let Some((room, heads)) = self.find_taking_part(&child.room_id)? else { continue };
            match self.summary_for_server(read, server, &room, &heads)? {
                Some(summary) => children.push(summary),
                None => inaccessible_children.push(child.room_id.clone()),
            }
        }
        let children_state = below.iter().map(Child::state).collect();
        Ok(ServedHierarchy {
            room: HierarchyRoom { summary, children_state },
            children,
            inaccessible_children,
        })
    }

    /// A room that this server takes part in.
    fn find_taking_part(&self, room_id: &RoomId) -> Result<Option<(Room, Heads)>, Error> {
        let Some(room) = self.room(room_id)? else { return Ok(None) };
        let resident = self.is_resident(room.sid)?;
        let heads = self.find_heads(room.sid)?.filter(|_| resident);
        Ok(heads.map(|heads| (room, heads)))
    }

    /// A room in short, if the server's users may know of it: it is in the room, somebody of it is asked in, or
    /// anybody may read the room, ask to join it, or join it from a room where the server is.
    fn summary_for_server(
        &self,
        read: &dyn Read,
        server: &ServerName,
        room: &Room,
        heads: &Heads,
    ) -> Result<Option<RoomSummary>, Error> {
        if self.is_blocked(room.sid)? || !self.is_allowed_by_acl(room.sid, server)? {
            return Ok(None);
        }
        let summary = self.summary(read, room.sid, heads)?;
        let may = is_open(&summary)
            || summary.world_readable
            || self.is_server_in(server, room.sid)?
            || self.is_server_invited(read, server, room.sid)?
            || match &summary.join_rule {
                JoinRuleSummary::Restricted(rule) => self.is_server_in_any(server, &rule.allowed_room_ids)?,
                _ => false,
            };
        Ok(may.then_some(summary))
    }

    fn is_server_in(&self, server: &ServerName, room: RoomSid) -> Result<bool, Error> {
        match self.store.ids().find_server(server)? {
            Some(server) => self.is_in_room(server, room),
            None => Ok(false),
        }
    }

    fn is_server_in_any(&self, server: &ServerName, rooms: &[OwnedRoomId]) -> Result<bool, Error> {
        for room in rooms.iter().take(ALLOWED_ROOMS_MAX) {
            if let Some(room) = self.store.ids().find_room(room)?
                && self.is_server_in(server, room)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_server_invited(&self, read: &dyn Read, server: &ServerName, room: RoomSid) -> Result<bool, Error> {
        let rows = ROOM_MEMBERS.scan(read, &(room, Membership::Invite as u8), Direction::Forward);
        for row in rows.take(INVITED_LOOKED_AT_MAX) {
            let ((_, _, user), ()) = row?;
            if self.store.ids().user_id(user)?.server_name() == server {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
