//! Inviting people by their address: with the identity server that the inviting user has chosen.
//! <https://spec.matrix.org/v1.19/client-server-api/#third-party-invites>

use kith_accounts::Requester;
use kith_api_common::{ApiError, Call};
use kith_peers::IdentityAccess;
use ruma::{OwnedRoomId, OwnedUserId, ServerName, api::client::membership::Invite3pid};

/// The identity server that a request names.
pub(crate) fn identity_access(id_server: &str, token: &str) -> Result<IdentityAccess, ApiError> {
    // Some clients send a URL.
    let name = id_server.strip_prefix("https://").unwrap_or(id_server).trim_end_matches('/');
    let server =
        ServerName::parse(name).map_err(|_| ApiError::invalid_param("id_server is no server's name"))?;
    let is_token = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_token {
        return Err(ApiError::invalid_param("id_access_token is no token"));
    }
    Ok(IdentityAccess { server, token: token.to_owned() })
}

/// Who is known by an address.
pub(crate) async fn find_invitee(call: &Call, invite: &Invite3pid) -> Result<Option<OwnedUserId>, ApiError> {
    let access = identity_access(&invite.id_server, &invite.id_access_token)?;
    let address = spelled(invite);
    Ok(call.app.peers.find_address(&access, invite.medium.as_str(), &address).await?)
}

/// Invites an address that nobody is known by.
pub(crate) async fn invite_address(
    call: &Call,
    requester: Requester,
    room_id: OwnedRoomId,
    invite: &Invite3pid,
) -> Result<(), ApiError> {
    let access = identity_access(&invite.id_server, &invite.id_access_token)?;
    let (medium, address) = (invite.medium.to_string(), spelled(invite));
    Ok(call.app.rooms.invite_address(requester, room_id, &access, medium, address).await?)
}

/// Email addresses are looked up in small letters.
fn spelled(invite: &Invite3pid) -> String {
    if invite.medium.as_str() == "email" { invite.address.to_lowercase() } else { invite.address.clone() }
}
