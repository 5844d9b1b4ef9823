//! Invites to addresses: whoever proves to own the address exchanges the token for an invite of their own.
//! <https://spec.matrix.org/v1.19/client-server-api/#third-party-invites>
//!
//! Only the exchange is here. Asking identity servers who owns an address is not.

use kith_store::tables::members::Membership;
use ruma::{OwnedUserId, UserId, events::StateEventType};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{MemberContent, MembershipError};
use crate::{WriteError, commit::RoomWrite};

/// What an identity server signed: this user owns the address that the token stands for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ThirdPartySigned {
    /// Who sent the invite.
    pub sender: OwnedUserId,
    /// Who owns the address.
    pub mxid: OwnedUserId,
    /// The token: the state key of the room's `m.room.third_party_invite`.
    pub token: String,
    /// Signatures by server and key id.
    pub signatures: serde_json::Value,
}

/// Invites the user in the name of whoever invited the address. That the signatures fit is for the room's rules.
pub(super) fn exchange(
    write: &mut RoomWrite<'_>,
    user: &UserId,
    signed: &ThirdPartySigned,
    timestamp_ms: u64,
) -> Result<(), MembershipError> {
    let content = exchanged(write, &signed.sender, user, &json!(signed))?.with_profile(write.rooms, user)?;
    write.send_member(&signed.sender, user, &content, timestamp_ms)?;
    Ok(())
}

/// The content of the invite that the owner of an address is due, if a user of this server invited the address.
pub(crate) fn exchanged(
    write: &RoomWrite<'_>,
    sender: &UserId,
    target: &UserId,
    signed: &Value,
) -> Result<MemberContent, MembershipError> {
    if signed["mxid"].as_str() != Some(target.as_str()) {
        return Err(WriteError::refused("the invite was signed for somebody else").into());
    }
    if !write.rooms.is_local(sender) {
        return Err(WriteError::refused("the invite was sent by a user of another server").into());
    }
    let token = signed["token"].as_str().unwrap_or_default();
    let invite = write.current(&StateEventType::RoomThirdPartyInvite, token)?;
    let invite = invite.ok_or_else(|| WriteError::refused("the invite has been taken back"))?;
    if invite.sender() != sender {
        return Err(WriteError::refused("the invite was sent by somebody else").into());
    }
    let display_name: String = invite.content_field("display_name").unwrap_or_default();
    // Every field goes along: the signatures are over all of them.
    let proof = json!({ "display_name": display_name, "signed": signed });
    Ok(MemberContent::new(Membership::Invite, None).with("third_party_invite", proof))
}
