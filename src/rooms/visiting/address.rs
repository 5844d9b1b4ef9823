//! Inviting somebody by their address: whoever has it is invited, if the identity server knows them; else it keeps the
//! invite and writes to the address, and the room says who may vouch for whoever answers.
//! <https://spec.matrix.org/v1.19/client-server-api/#third-party-invites>

use std::sync::Arc;

use kith_accounts::Requester;
use kith_event::build::Draft;
use kith_peers::{BoundAddress, IdentityServer, StoredInvite};
use kith_store::tables::members::Membership;
use ruma::{OwnedRoomId, RoomId, UserId, events::StateEventType};
use serde_json::{Value, json};

use crate::{
    Rooms, WriteError,
    acting::{check_not_suspended, content, not_in_room},
    membership::MembershipError,
};

/// Somebody who is known by an address.
#[derive(Clone)]
pub struct AddressInvite {
    /// The identity server to ask.
    pub id_server: String,
    /// The user's access token there.
    pub id_access_token: String,
    /// "email", for example.
    pub medium: String,
    /// The address.
    pub address: String,
}

impl Rooms {
    /// Invites whoever an address belongs to.
    pub async fn invite_address(
        self: &Arc<Self>,
        requester: Requester,
        room_id: OwnedRoomId,
        invite: AddressInvite,
    ) -> Result<(), MembershipError> {
        check_not_suspended(&requester)?;
        let (rooms, user, room, wanted) =
            (Arc::clone(self), requester.user_id.clone(), room_id.clone(), invite.clone());
        // Nobody is written to in the name of somebody who may not invite.
        let letter = self.tasks.blocking(move || rooms.letter(&user, &room, &wanted)).await?;
        let AddressInvite { id_server, id_access_token, medium, address } = invite;
        let server = IdentityServer { name: &id_server, token: &id_access_token };
        let address = BoundAddress { medium, address };
        if let Some(owner) = self.peers.find_owner_of_address(server, &address).await? {
            return self.invite_across(requester, room_id, owner, None).await;
        }
        let stored = Arc::new(self.peers.store_invite(server, &letter).await?);
        let announce = || {
            let (rooms, stored) = (Arc::clone(self), Arc::clone(&stored));
            let (user, room) = (requester.user_id.clone(), room_id.clone());
            self.tasks.blocking(move || rooms.announce_invite(&user, &room, &stored))
        };
        match announce().await {
            // The room's policy server has to sign first; the invite is stored, so nobody is written to again.
            Err(WriteError::Unsigned(unsigned)) => {
                self.have_signed(*unsigned).await?;
                Ok(announce().await?)
            }
            announced => Ok(announced?),
        }
    }

    /// What the identity server writes to the address, if the user may invite.
    fn letter(&self, user: &UserId, room_id: &RoomId, invite: &AddressInvite) -> Result<Value, WriteError> {
        let room = self.room(room_id)?.ok_or_else(not_in_room)?;
        let state = self.current_state(room.sid)?;
        if state.membership(user)? != Some(Membership::Join) {
            return Err(not_in_room());
        }
        let powers = state.powers()?;
        check_power(powers.of(user) >= powers.invite_level())?;
        let field = |kind: &str, key: &str, name: &str| -> Result<String, WriteError> {
            let event = state.get(&StateEventType::from(kind), key)?;
            Ok(event.and_then(|event| event.content_field(name)).unwrap_or_default())
        };
        let mut letter = json!({
            "medium": invite.medium,
            "address": invite.address,
            "room_id": room_id,
            "sender": user,
            "room_alias": field("m.room.canonical_alias", "", "alias")?,
            "room_avatar_url": field("m.room.avatar", "", "url")?,
            "room_join_rules": field("m.room.join_rules", "", "join_rule")?,
            "room_name": field("m.room.name", "", "name")?,
            "sender_display_name": field("m.room.member", user.as_str(), "displayname")?,
            "sender_avatar_url": field("m.room.member", user.as_str(), "avatar_url")?,
        });
        if let Some(kind) = state.create()?.content_field::<String>("type") {
            letter["room_type"] = kind.into();
        }
        Ok(letter)
    }

    /// Tells the room who may vouch for whoever has the address.
    fn announce_invite(
        &self,
        user: &UserId,
        room_id: &RoomId,
        stored: &StoredInvite,
    ) -> Result<(), WriteError> {
        let mut acting = self.act_in(room_id)?.with_signatures();
        if acting.write.membership(user)? != Some(Membership::Join) {
            return Err(not_in_room());
        }
        let powers = acting.write.powers(acting.write.heads.state)?;
        check_power(powers.of(user) >= powers.invite_level())?;
        // Rooms of old look at one key alone.
        let first = stored.public_keys.first();
        let first = |name: &str| first.and_then(|key| key.get(name)).cloned().unwrap_or_default();
        let said = json!({
            "display_name": stored.display_name,
            "public_keys": stored.public_keys,
            "public_key": first("public_key"),
            "key_validity_url": first("key_validity_url"),
        });
        let draft =
            Draft::state(StateEventType::RoomThirdPartyInvite, stored.token.as_str(), content(&said)?);
        acting.write.send(draft, user, self.clock.now_ms())?;
        acting.done()
    }
}

fn check_power(has: bool) -> Result<(), WriteError> {
    if has { Ok(()) } else { Err(WriteError::refused("you do not have the power to invite in this room")) }
}
