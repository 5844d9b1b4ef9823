//! Who is in which room, and becoming something else to it.

mod ban_user;
mod forget_room;
mod get_member_events;
mod get_mutual_rooms;
mod invite_user;
mod join_room_by_id;
mod join_room_by_id_or_alias;
mod joined_members;
mod joined_rooms;
mod kick_user;
mod leave_room;
mod unban_user;

use kith_api_common::{ApiError, Router};
use kith_rooms::{membership::ThirdPartySigned, visiting::address::AddressInvite};
use ruma::api::client::membership;

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint_async(ban_user::handler)
        .endpoint(forget_room::handler)
        .endpoint_async(get_member_events::handler)
        .endpoint(get_mutual_rooms::handler)
        .endpoint(get_mutual_rooms::unstable_handler)
        .endpoint_async(invite_user::handler)
        .endpoint_async(join_room_by_id::handler)
        .endpoint_async(join_room_by_id_or_alias::handler)
        .endpoint_async(joined_members::handler)
        .endpoint(joined_rooms::handler)
        .endpoint_async(kick_user::handler)
        .endpoint_async(leave_room::handler)
        .endpoint_async(unban_user::handler)
}

/// An invite to an address.
pub(crate) fn address_invite(invited: membership::Invite3pid) -> AddressInvite {
    AddressInvite {
        id_server: invited.id_server,
        id_access_token: invited.id_access_token,
        medium: invited.medium.to_string(),
        address: invited.address,
    }
}

fn third_party_signed(signed: membership::ThirdPartySigned) -> Result<ThirdPartySigned, ApiError> {
    let signatures =
        serde_json::to_value(&signed.signatures).map_err(|error| ApiError::bad_json(error.to_string()))?;
    Ok(ThirdPartySigned { sender: signed.sender, mxid: signed.mxid, token: signed.token, signatures })
}
