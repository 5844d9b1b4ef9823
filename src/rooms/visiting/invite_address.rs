//! Inviting an address that nobody is known by yet: an identity server keeps the invite, and the room the keys by which
//! whoever owns the address shows it.
//! <https://spec.matrix.org/v1.19/client-server-api/#third-party-invites>

use std::sync::Arc;

use kith_accounts::Requester;
use kith_peers::{IdentityAccess, StoredInvite};
use kith_store::tables::members::Membership;
use ruma::{OwnedRoomId, RoomId, UserId, events::StateEventType};
use serde_json::{Map, Value, json, value::to_raw_value};

use crate::{
    Rooms, WriteError,
    acting::{check_not_suspended, not_in_room},
    membership::MembershipError,
    send::{NewState, SendError},
};

/// What of a room an invite to an address tells: the field, the state event, and the key in its content.
const FACE: [(&str, StateEventType, &str); 5] = [
    ("room_name", StateEventType::RoomName, "name"),
    ("room_alias", StateEventType::RoomCanonicalAlias, "alias"),
    ("room_avatar_url", StateEventType::RoomAvatar, "url"),
    ("room_join_rules", StateEventType::RoomJoinRules, "join_rule"),
    ("room_type", StateEventType::RoomCreate, "type"),
];

/// Why an address is not invited.
#[derive(Debug, thiserror::Error)]
pub enum InviteAddressError {
    /// The user may not invite anybody.
    #[error(transparent)]
    Membership(#[from] MembershipError),
    /// The identity server does not keep the invite.
    #[error(transparent)]
    Identity(#[from] kith_peers::PeerError),
    /// The room does not take the event.
    #[error(transparent)]
    Send(#[from] SendError),
}

impl Rooms {
    /// Invites an address. Nothing leaves this server before it is clear that the user may invite.
    pub async fn invite_address(
        self: &Arc<Self>,
        requester: Requester,
        room_id: OwnedRoomId,
        access: &IdentityAccess,
        medium: String,
        address: String,
    ) -> Result<(), InviteAddressError> {
        let (rooms, who, room) = (Arc::clone(self), requester.clone(), room_id.clone());
        let mut invite = self.tasks.blocking(move || rooms.describe_for_address(&who, &room)).await?;
        invite.insert("medium".to_owned(), medium.into());
        invite.insert("address".to_owned(), address.into());
        let stored = self.peers.store_invite(access, invite).await?;
        let state = third_party_invite(access, stored);
        let rooms = Arc::clone(self);
        self.tasks.blocking(move || rooms.send_state(&requester, &room_id, state)).await?;
        Ok(())
    }

    /// Checks that the user may invite, and says what the room shows of itself.
    fn describe_for_address(
        &self,
        requester: &Requester,
        room_id: &RoomId,
    ) -> Result<Map<String, Value>, MembershipError> {
        check_not_suspended(requester)?;
        let acting = self.act_in(room_id)?;
        let sender: &UserId = &requester.user_id;
        if acting.write.membership(sender)? != Some(Membership::Join) {
            return Err(not_in_room().into());
        }
        let needed = acting.write.powers(acting.write.heads.state)?.invite_level();
        if acting.write.powers(acting.write.heads.state)?.of(sender) < needed {
            return Err(WriteError::Refused(format!("to invite needs power {needed} in this room")).into());
        }
        let state = self.state_at(acting.write.room.sid, acting.write.heads.state);
        let mut invite = Map::new();
        invite.insert("room_id".to_owned(), json!(room_id));
        invite.insert("sender".to_owned(), json!(sender));
        for (field, kind, key) in FACE {
            let content: Option<Map<String, Value>> = state.content(&kind).map_err(WriteError::from)?;
            if let Some(value) = content.and_then(|mut content| content.remove(key)).filter(Value::is_string)
            {
                invite.insert(field.to_owned(), value);
            }
        }
        let profile = self.accounts.profile(requester.user).map_err(WriteError::from)?;
        if let Some(name) = profile.display_name {
            invite.insert("sender_display_name".to_owned(), name.into());
        }
        if let Some(url) = profile.avatar_url {
            invite.insert("sender_avatar_url".to_owned(), url.into());
        }
        Ok(invite)
    }
}

/// The event that lets whoever owns the address in. Its first key stands also where old clients look.
fn third_party_invite(access: &IdentityAccess, stored: StoredInvite) -> NewState {
    let fallback = format!("https://{}/_matrix/identity/v2/pubkey/isvalid", access.server);
    let first = stored.public_keys.first().cloned().unwrap_or_default();
    let content = json!({
        "display_name": stored.display_name,
        "key_validity_url": first.get("key_validity_url").cloned().unwrap_or_else(|| fallback.into()),
        "public_key": first.get("public_key").cloned().unwrap_or_default(),
        "public_keys": stored.public_keys,
    });
    NewState {
        kind: StateEventType::RoomThirdPartyInvite,
        state_key: stored.token,
        content: to_raw_value(&content).expect("JSON without keys that are no texts is written"),
        timestamp_ms: None,
    }
}
