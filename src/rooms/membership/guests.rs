//! Guests: let in where the room says so, sent away when it no longer does.
//! <https://spec.matrix.org/v1.19/client-server-api/#guest-access>

use kith_store::tables::members::Membership;
use ruma::events::StateEventType;

use super::MemberContent;
use crate::{WriteError, commit::RoomWrite};

/// Whether guests may come in.
pub(crate) fn are_welcome(write: &RoomWrite<'_>) -> Result<bool, WriteError> {
    let access = write.current(&StateEventType::RoomGuestAccess, "")?;
    let access = access.and_then(|pdu| pdu.content_field::<String>("guest_access"));
    Ok(access.as_deref() == Some("can_join"))
}

/// This server's guests leave the room.
pub(crate) fn send_away(write: &mut RoomWrite<'_>, timestamp_ms: u64) -> Result<(), WriteError> {
    let rooms = write.rooms;
    for user in rooms.local_joined(write.room.sid)?.iter() {
        if !rooms.accounts.account(*user)?.is_some_and(|account| account.is_guest()) {
            continue;
        }
        let user = rooms.store.ids().user_id(*user)?;
        if write.membership(&user)? == Some(Membership::Join) {
            let content =
                MemberContent::new(Membership::Leave, Some("guests may not be here any more".to_owned()));
            write.send_member(&user, &user, &content, timestamp_ms)?;
        }
    }
    Ok(())
}
