//! Leaving: at home, or declining an invite and taking a knock back where this server is not in the room.
//! <https://spec.matrix.org/v1.19/server-server-api/#leaving-rooms-rejecting-invites>

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use kith_accounts::Requester;
use kith_event::Pdu;
use kith_peers::Patience;
use kith_store::{Committed, RoomSid, UserSid, tables::members::Membership};
use ruma::{
    OwnedRoomId, OwnedServerName, OwnedUserId, RoomId, ServerName, UserId,
    api::federation::membership::create_leave_event,
};

use super::{SERVERS_TOLD_MAX, handshake::raw};
use crate::{
    Rooms,
    acting::not_in_room,
    membership::{MemberContent, MembershipError},
};

/// How many rooms elsewhere an account that ends leaves at the same time.
const LEFT_AT_ONCE: usize = 8;
/// How long the servers of all of them are told, in milliseconds.
const TELLING_MS_MAX: u64 = 20_000;

/// A room elsewhere, and the servers that may know it.
type Outside = (RoomSid, OwnedRoomId, Vec<OwnedServerName>);

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

    /// Leaves every room and declines every invite: the end of an account. Servers that keep invites and knocks are told;
    /// those that do not listen within some time are not waited for. Answers how many rooms are left over.
    pub async fn leave_all_across(self: &Arc<Self>, user: UserSid) -> Result<usize, kith_store::Error> {
        let rooms = Arc::clone(self);
        let (user_id, outside) = self.tasks.blocking(move || rooms.all_outside(user)).await?;
        let telling = stream::iter(outside).for_each_concurrent(LEFT_AT_ONCE, |(room, room_id, servers)| {
            let user_id = user_id.clone();
            async move {
                let Some(event) = self.tell_leaving(&servers, &room_id, &user_id, None).await else { return };
                let rooms = Arc::clone(self);
                let work = move || rooms.end_outside(room, user, Membership::Leave, Some(&event));
                if let Err(error) = self.tasks.blocking(work).await {
                    tracing::warn!(%error, %room_id, "a room elsewhere could not be left");
                }
            }
        });
        // Of what has not been told by then, the user is rid all the same.
        let _told = tokio::time::timeout(Duration::from_millis(TELLING_MS_MAX), telling).await;
        let rooms = Arc::clone(self);
        self.tasks.blocking(move || rooms.leave_all(user)).await
    }

    /// The rooms elsewhere that a user is invited to or knocks at, and who knows them.
    fn all_outside(&self, user: UserSid) -> Result<(OwnedUserId, Vec<Outside>), kith_store::Error> {
        let mut outside = Vec::new();
        for (room, record) in self.rooms_of(user)? {
            if matches!(record.membership, Membership::Invite | Membership::Knock)
                && !self.is_resident(room)?
            {
                let room_id = self.store.ids().room_id(room)?;
                let servers = self.servers_of(&room_id, Some(user), &[], SERVERS_TOLD_MAX)?;
                outside.push((room, room_id, servers));
            }
        }
        Ok((self.store.ids().user_id(user)?, outside))
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
