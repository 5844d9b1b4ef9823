//! Invites to addresses across servers: an identity server says that an address is a user's now, and whoever invited
//! the address invites the user.
//! <https://spec.matrix.org/v1.19/server-server-api/#third-party-invites>

use std::sync::Arc;

use kith_accounts::Requester;
use kith_peers::Patience;
use kith_store::tables::members::Membership;
use ruma::{
    OwnedRoomId, OwnedServerName, OwnedUserId, RoomId, UserId,
    api::federation::thirdparty::exchange_invite,
    events::{StateEventType, room::member::RoomMemberEventContent},
    serde::Raw,
};
use serde_json::{Value, json, value::to_raw_value};

use super::{ResidentError, check_speaks_for};
use crate::{
    Rooms, WriteError,
    membership::{Joining, MemberContent, MembershipError, third_party},
};

/// How many invites one binding of an address may bring.
const BOUND_INVITES_MAX: usize = 100;

/// Another server wants the invite that its user is due.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The server that asks.
    pub server: OwnedServerName,
    /// The room.
    pub room_id: OwnedRoomId,
    /// Who invited the address.
    pub sender: OwnedUserId,
    /// Whose the address is.
    pub target: OwnedUserId,
    /// What the identity server signed.
    pub signed: Value,
}

/// An invite to an address that has turned out to be a user's of this server.
#[derive(Clone, Debug)]
pub struct BoundInvite {
    /// The room.
    pub room_id: OwnedRoomId,
    /// Who invited the address.
    pub sender: OwnedUserId,
    /// Whose the address is.
    pub target: OwnedUserId,
    /// What the identity server signed.
    pub signed: Value,
}

impl Rooms {
    /// `exchange_third_party_invite`: invites a user of another server in the name of whoever invited the address.
    pub async fn exchange_third_party_invite(
        self: &Arc<Self>,
        exchange: Exchange,
    ) -> Result<(), ResidentError> {
        let rooms = Arc::clone(self);
        let (room_id, sender, target) =
            (exchange.room_id.clone(), exchange.sender.clone(), exchange.target.clone());
        let content = self.tasks.blocking(move || rooms.exchanged(&exchange)).await?;
        self.issue_invite(room_id, sender, target, content).await.map_err(ResidentError::Invite)
    }

    /// `3pid/onbind`: an address belongs to a user of this server now, and the invites to it become theirs. What fails
    /// is logged: the identity server can do nothing about it.
    pub async fn take_bound_invites(self: &Arc<Self>, invites: Vec<BoundInvite>) {
        for invite in invites.into_iter().take(BOUND_INVITES_MAX) {
            let (room_id, target) = (invite.room_id.clone(), invite.target.clone());
            if let Err(error) = self.take_bound_invite(invite).await {
                tracing::warn!(%error, %room_id, user_id = %target, "an invite to an address could not be exchanged");
            }
        }
    }

    async fn take_bound_invite(self: &Arc<Self>, invite: BoundInvite) -> Result<(), MembershipError> {
        if self.is_local(&invite.sender) {
            let rooms = Arc::clone(self);
            return self.tasks.blocking(move || rooms.invite_bound(&invite)).await;
        }
        self.ask_for_exchange(&invite.room_id, &invite.sender, &invite.target, &invite.signed).await
    }

    fn invite_bound(&self, invite: &BoundInvite) -> Result<(), MembershipError> {
        if self.accounts.find_active_user(&invite.target)?.is_none() {
            return Err(WriteError::refused("the user has no account here").into());
        }
        let mut acting = self.act_in(&invite.room_id)?;
        let (sender, target) = (&invite.sender, &invite.target);
        let content = third_party::exchanged(&acting.write, sender, target, &invite.signed)?;
        acting.write.send_member(sender, target, &content, self.clock.now_ms())?;
        Ok(acting.done()?)
    }

    /// The content of the invite that another server's user is due.
    fn exchanged(&self, exchange: &Exchange) -> Result<MemberContent, ResidentError> {
        let room = self.room_for(&exchange.server, &exchange.room_id)?;
        check_speaks_for(&exchange.server, &exchange.target)?;
        let acting = self.act(room)?;
        third_party::exchanged(&acting.write, &exchange.sender, &exchange.target, &exchange.signed)
            .map_err(ResidentError::Invite)
    }

    /// Where whoever invited the address is on another server, that server issues the invite, before the join.
    pub(crate) async fn exchange_elsewhere(
        self: &Arc<Self>,
        requester: &Requester,
        room_id: &RoomId,
        joining: &mut Joining,
    ) -> Result<(), MembershipError> {
        let Some(signed) = joining.third_party_signed.take_if(|signed| !self.is_local(&signed.sender)) else {
            return Ok(());
        };
        if signed.mxid != requester.user_id {
            return Err(WriteError::refused("the invite was signed for somebody else").into());
        }
        joining.via.push(signed.sender.server_name().to_owned());
        self.ask_for_exchange(room_id, &signed.sender, &requester.user_id, &json!(signed)).await
    }

    async fn ask_for_exchange(
        &self,
        room_id: &RoomId,
        sender: &UserId,
        target: &UserId,
        signed: &Value,
    ) -> Result<(), MembershipError> {
        // The server that invites knows by which name the address is shown.
        let content = json!({
            "membership": Membership::Invite.as_str(),
            "third_party_invite": { "display_name": "", "signed": signed },
        });
        let content = to_raw_value(&content).map_err(|error| WriteError::Malformed(error.to_string()))?;
        let request = exchange_invite::v1::Request {
            room_id: room_id.to_owned(),
            kind: StateEventType::RoomMember,
            sender: sender.to_owned(),
            state_key: target.to_owned(),
            content: Raw::<RoomMemberEventContent>::from_json(content),
        };
        self.peers.ask_with(sender.server_name(), request, Patience::INTERACTIVE).await?;
        Ok(())
    }
}
