//! Leaving: at home, or declining an invite and taking a knock back where this server is not in the room.
//! <https://spec.matrix.org/v1.19/server-server-api/#leaving-rooms-rejecting-invites>

use std::sync::Arc;

use kith_accounts::Requester;
use kith_event::Pdu;
use kith_peers::Patience;
use kith_store::{Committed, RoomSid, tables::members::Membership};
use ruma::{
    OwnedRoomId, OwnedServerName, RoomId, ServerName, UserId, api::federation::membership::create_leave_event,
};

use super::{SERVERS_TOLD_MAX, handshake::raw};
use crate::{
    Rooms,
    acting::not_in_room,
    membership::{MemberContent, MembershipError},
};

/// Where somebody leaves.
enum Leaving {
    /// It is done.
    Done,
    /// Other servers have to be told.
    Outside { room: RoomSid, servers: Vec<OwnedServerName> },
}

impl Rooms {
    /// Leaves a room, declines an invite, or takes a knock back. Where other servers keep the room they are told; if
    /// none of them listens, the user is rid of the room all the same.
    pub async fn leave_across(
        self: &Arc<Self>,
        requester: Requester,
        room_id: OwnedRoomId,
        reason: Option<String>,
    ) -> Result<(), MembershipError> {
        let rooms = Arc::clone(self);
        let (user, user_id) = (requester.user, requester.user_id.clone());
        let (asked, why) = (room_id.clone(), reason.clone());
        let leaving = self.tasks.blocking(move || rooms.leave_here(&requester, &asked, why)).await?;
        let Leaving::Outside { room, servers } = leaving else { return Ok(()) };
        let event = self.tell_leaving(&servers, &room_id, &user_id, reason).await;
        let rooms = Arc::clone(self);
        let work = move || {
            let ended = rooms.end_outside(room, user, Membership::Leave, event.as_ref())?;
            Ok(ended.map_or(Ok(()), Committed::wait_durable)?)
        };
        self.tasks.blocking(work).await
    }

    fn leave_here(
        &self,
        requester: &Requester,
        room_id: &RoomId,
        reason: Option<String>,
    ) -> Result<Leaving, MembershipError> {
        let room = self.store.ids().find_room(room_id)?.ok_or(MembershipError::UnknownRoom)?;
        if self.is_resident(room)? {
            self.leave(requester, room_id, reason)?;
            return Ok(Leaving::Done);
        }
        match self.membership(requester.user, room)? {
            Some(Membership::Invite | Membership::Knock) => {}
            Some(_) => return Err(not_in_room().into()),
            None => return Err(MembershipError::UnknownRoom),
        }
        let servers = self.servers_of(room_id, Some(requester.user), &[], SERVERS_TOLD_MAX)?;
        Ok(Leaving::Outside { room, servers })
    }

    /// The leave event that the first server takes which takes any.
    async fn tell_leaving(
        &self,
        servers: &[OwnedServerName],
        room_id: &RoomId,
        user: &UserId,
        reason: Option<String>,
    ) -> Option<Pdu> {
        for server in servers {
            match self.leave_through(server, room_id, user, reason.clone()).await {
                Ok(pdu) => return Some(pdu),
                Err(error) => {
                    tracing::info!(%error, %server, %room_id, "a server did not take that a user leaves");
                }
            }
        }
        None
    }

    async fn leave_through(
        &self,
        server: &ServerName,
        room_id: &RoomId,
        user: &UserId,
        reason: Option<String>,
    ) -> Result<Pdu, MembershipError> {
        let content = MemberContent::new(Membership::Leave, reason);
        let prepared = self.prepare(server, room_id, user, Membership::Leave, content).await?;
        let request = create_leave_event::v2::Request {
            room_id: room_id.to_owned(),
            event_id: prepared.pdu.event_id().clone(),
            pdu: raw(&prepared.pdu),
        };
        self.peers.ask_with(server, request, Patience::INTERACTIVE).await?;
        Ok(prepared.pdu)
    }
}
