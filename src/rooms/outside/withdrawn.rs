//! Invites that are taken back, and knocks that are declined, of rooms that this server is not in: the room's servers
//! send the event although this server is not there.
//! <https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv1sendtxnid>

use std::sync::Arc;

use kith_event::{Pdu, RoomVersion, parse_pdu};
use kith_store::{Committed, RoomSid, UserSid, tables::members::Membership};
use ruma::{RoomId, ServerName, UserId, events::TimelineEventType};
use serde_json::value::RawValue;

use crate::{Rooms, WriteError, room_state::membership_of};

impl Rooms {
    /// Takes an event of a room that this server is not in, if it ends an invite or a knock of one of its users.
    /// False if it is none of this server's business.
    ///
    /// There is no state to judge it by. It is believed to the server that sent the invite, or that was knocked at,
    /// and to the user's own server, which is this one and need not be told.
    pub async fn receive_withdrawal(
        self: &Arc<Self>,
        server: &ServerName,
        room_id: &RoomId,
        event: &RawValue,
    ) -> Result<bool, WriteError> {
        let rooms = Arc::clone(self);
        let (server, room_id, event) = (server.to_owned(), room_id.to_owned(), event.to_owned());
        let read = self.tasks.blocking(move || rooms.read_withdrawal(&server, &room_id, &event)).await?;
        let Some((room, user, pdu)) = read else { return Ok(false) };
        let Some(Ok(verified)) = self.peers.verify_pdus(vec![pdu]).await.pop() else { return Ok(false) };
        let rooms = Arc::clone(self);
        let work = move || {
            let ending = membership_of(verified.pdu()).unwrap_or(Membership::Leave);
            let ended = rooms.end_outside(room, user, ending, Some(verified.pdu()))?;
            let was_open = ended.is_some();
            ended.map_or(Ok(()), Committed::wait_durable)?;
            Ok(was_open)
        };
        self.tasks.blocking(work).await
    }

    fn read_withdrawal(
        &self,
        server: &ServerName,
        room_id: &RoomId,
        event: &RawValue,
    ) -> Result<Option<(RoomSid, UserSid, Pdu)>, WriteError> {
        let ids = self.store.ids();
        let Some(room) = ids.find_room(room_id)? else { return Ok(None) };
        if self.is_resident(room)? {
            return Ok(None);
        }
        let Some(user_id) = whose(event) else { return Ok(None) };
        let Some(user) = ids.find_user(&user_id)? else { return Ok(None) };
        let Some(outside) = self.find_outside(room, user)? else { return Ok(None) };
        let Some(version) = RoomVersion::find(&outside.version) else { return Ok(None) };
        let Ok(pdu) = parse_pdu(version, event.get()) else { return Ok(None) };
        let ends = matches!(membership_of(&pdu), Some(Membership::Leave | Membership::Ban));
        let known = outside.via.iter().any(|known| known == server.as_str());
        let fits = ends
            && known
            && *pdu.kind() == TimelineEventType::RoomMember
            && pdu.room_id() == room_id
            && pdu.state_key() == Some(user_id.as_str());
        Ok(fits.then_some((room, user, pdu)))
    }
}

/// The user of a member event, before it is known which rules it has to follow.
fn whose(event: &RawValue) -> Option<ruma::OwnedUserId> {
    #[derive(serde::Deserialize)]
    struct Fields {
        state_key: String,
    }
    let fields: Fields = serde_json::from_str(event.get()).ok()?;
    UserId::parse(fields.state_key).ok()
}
