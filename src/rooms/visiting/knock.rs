//! Knocking: at home, or at a room that other servers keep.
//! <https://spec.matrix.org/v1.19/server-server-api/#knocking-upon-a-room>

use std::sync::Arc;

use kith_accounts::Requester;
use kith_peers::Patience;
use kith_store::tables::members::Membership;
use ruma::{
    OwnedRoomId, OwnedServerName, RoomId, ServerName,
    api::federation::membership::{RawStrippedState, create_knock_event},
};
use serde_json::value::RawValue;

use super::{
    Refusals, SERVERS_ASKED_MAX,
    handshake::{Prepared, raw},
};
use crate::{
    Rooms, WriteError,
    acting::check_not_suspended,
    membership::{MemberContent, MembershipError},
    outside::{Face, Told},
};

impl Rooms {
    /// Knocks on a room's door, wherever the room is. `via` are servers that may know it.
    pub async fn knock_across(
        self: &Arc<Self>,
        requester: Requester,
        room_id: OwnedRoomId,
        reason: Option<String>,
        via: Vec<OwnedServerName>,
    ) -> Result<(), MembershipError> {
        let rooms = Arc::clone(self);
        let (knocking, asked, why) = (requester.clone(), room_id.clone(), reason.clone());
        let servers = self.tasks.blocking(move || rooms.knock_here(&knocking, &asked, why, &via)).await?;
        let Some(servers) = servers else { return Ok(()) };
        let mut refusals = Refusals::default();
        for server in servers {
            match self.knock_through(&server, &requester, &room_id, reason.clone()).await {
                Ok(()) => return Ok(()),
                Err(error) => {
                    tracing::info!(%error, %server, %room_id, "a server did not take a knock");
                    refusals.add(error);
                }
            }
        }
        Err(refusals.into_error())
    }

    /// Knocks at a room of this server's; of another, says whom to ask.
    fn knock_here(
        &self,
        requester: &Requester,
        room_id: &RoomId,
        reason: Option<String>,
        via: &[OwnedServerName],
    ) -> Result<Option<Vec<OwnedServerName>>, MembershipError> {
        check_not_suspended(requester)?;
        if let Some(room) = self.store.ids().find_room(room_id)? {
            if self.is_blocked(room)? && !requester.admin {
                return Err(MembershipError::Blocked);
            }
            if self.is_resident(room)? {
                self.knock(requester, room_id, reason)?;
                return Ok(None);
            }
            if self.membership(requester.user, room)? == Some(Membership::Invite) {
                return Err(WriteError::refused("you are invited already").into());
            }
        }
        Ok(Some(self.servers_of(room_id, Some(requester.user), via, SERVERS_ASKED_MAX)?))
    }

    async fn knock_through(
        self: &Arc<Self>,
        server: &ServerName,
        requester: &Requester,
        room_id: &RoomId,
        reason: Option<String>,
    ) -> Result<(), MembershipError> {
        let user = requester.user_id.clone();
        let rooms = Arc::clone(self);
        let shown = user.clone();
        let work = move || MemberContent::new(Membership::Knock, reason).with_profile(&rooms, &shown);
        let content = self.tasks.blocking(work).await?;
        let prepared = self.prepare(server, room_id, &user, Membership::Knock, content).await?;
        let request = create_knock_event::v1::Request {
            room_id: room_id.to_owned(),
            event_id: prepared.pdu.event_id().clone(),
            pdu: raw(&prepared.pdu),
        };
        let answer = self.peers.ask_with(server, request, Patience::INTERACTIVE).await?;
        let shown: Vec<Box<RawValue>> = answer.knock_room_state.into_iter().map(json_of).collect();
        let (rooms, server, requester) = (Arc::clone(self), server.to_owned(), requester.clone());
        let work = move || rooms.note_knock(&requester, &prepared, &shown, server);
        Ok(self.tasks.blocking(work).await?)
    }

    fn note_knock(
        &self,
        requester: &Requester,
        prepared: &Prepared,
        shown: &[Box<RawValue>],
        server: OwnedServerName,
    ) -> Result<(), WriteError> {
        let pdu = &prepared.pdu;
        let face = Face::read_leniently(pdu.room_version(), pdu.room_id(), &requester.user_id, shown);
        let told = Told {
            room: self.store.ids().room(pdu.room_id())?,
            user: requester.user,
            membership: Membership::Knock,
            event: pdu,
            face: &face,
            via: vec![server],
        };
        self.note_outside(&told)?;
        Ok(self.leave_if_closed(requester.user)?)
    }
}

/// Stripped or whole: the text is what counts.
fn json_of(event: RawStrippedState) -> Box<RawValue> {
    match event {
        #[expect(deprecated, reason = "servers that speak older versions of the specification still send it")]
        RawStrippedState::Stripped(stripped) => stripped.into_json(),
        RawStrippedState::Pdu(pdu) => pdu,
    }
}
