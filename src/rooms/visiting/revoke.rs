//! Taking back an invite of a user of another server, or declining a knock: where that server is not in the room, it
//! hears of it only if it is told apart from the room's other servers.
//! <https://spec.matrix.org/v1.19/server-server-api/#leaving-rooms-rejecting-invites>

use std::sync::Arc;

use kith_accounts::Requester;
use kith_event::Pdu;
use kith_store::tables::members::Membership;
use ruma::{
    MilliSecondsSinceUnixEpoch, OwnedRoomId, OwnedServerName, OwnedUserId, RoomId, UInt, UserId,
    api::federation::transactions::send_transaction_message, events::StateEventType,
};

use super::handshake::raw;
use crate::{Rooms, membership::MembershipError};

/// How many random characters name the transaction.
const TRANSACTION_CHARACTERS: usize = 18;

impl Rooms {
    /// Throws a member out, takes an invite back, or declines a knock; of a user of any server.
    pub async fn kick_across(
        self: &Arc<Self>,
        requester: Requester,
        room_id: OwnedRoomId,
        target: OwnedUserId,
        reason: Option<String>,
    ) -> Result<(), MembershipError> {
        self.end_stay(room_id, target, move |rooms, room_id, target| {
            rooms.kick(&requester, room_id, target, reason)
        })
        .await
    }

    /// Bans a user of any server.
    pub async fn ban_across(
        self: &Arc<Self>,
        requester: Requester,
        room_id: OwnedRoomId,
        target: OwnedUserId,
        reason: Option<String>,
    ) -> Result<(), MembershipError> {
        self.end_stay(room_id, target, move |rooms, room_id, target| {
            rooms.ban(&requester, room_id, target, reason)
        })
        .await
    }

    async fn end_stay(
        self: &Arc<Self>,
        room_id: OwnedRoomId,
        target: OwnedUserId,
        end: impl FnOnce(&Self, &RoomId, &UserId) -> Result<(), MembershipError> + Send + 'static,
    ) -> Result<(), MembershipError> {
        self.await_member(&room_id, &target).await?;
        let rooms = Arc::clone(self);
        let work = move || {
            let untold = rooms.hears_only_apart(&room_id, &target)?;
            end(&rooms, &room_id, &target)?;
            let Some(server) = untold else { return Ok::<_, MembershipError>(None) };
            Ok(rooms.member_event(&room_id, &target)?.map(|pdu| (server, pdu)))
        };
        if let Some((server, pdu)) = self.tasks.blocking(work).await? {
            let rooms = Arc::clone(self);
            self.tasks.spawn("withdrawal", async move { rooms.tell_apart(server, &pdu).await });
        }
        Ok(())
    }

    /// The server of a user who is invited or has knocked, if it is not in the room.
    fn hears_only_apart(
        &self,
        room_id: &RoomId,
        target: &UserId,
    ) -> Result<Option<OwnedServerName>, MembershipError> {
        let ids = self.store.ids();
        let (Some(room), Some(user)) = (ids.find_room(room_id)?, ids.find_user(target)?) else {
            return Ok(None);
        };
        let outside = matches!(self.membership(user, room)?, Some(Membership::Invite | Membership::Knock));
        if self.is_local(target) || !outside {
            return Ok(None);
        }
        let server = ids.server(target.server_name())?;
        Ok((!self.is_in_room(server, room)?).then(|| target.server_name().to_owned()))
    }

    fn member_event(&self, room_id: &RoomId, target: &UserId) -> Result<Option<Pdu>, MembershipError> {
        let Some(room) = self.room(room_id)? else { return Ok(None) };
        Ok(self.current_state(room.sid)?.get(&StateEventType::RoomMember, target.as_str())?)
    }

    /// One try: a server that is away now shows its user an invite that cannot be accepted any more, and no harm.
    async fn tell_apart(&self, server: OwnedServerName, pdu: &Pdu) {
        let now = UInt::new_saturating(self.clock.now_ms());
        let request = send_transaction_message::v1::Request {
            transaction_id: self.random.alphanumeric(TRANSACTION_CHARACTERS).into(),
            origin: self.server_name.clone(),
            origin_server_ts: MilliSecondsSinceUnixEpoch(now),
            pdus: vec![raw(pdu)],
            edus: Vec::new(),
        };
        if let Err(error) = self.peers.ask(&server, request).await {
            tracing::info!(%error, %server, "a server was not told that an invite has been taken back");
        }
    }
}
