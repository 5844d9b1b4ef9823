//! `PUT /_matrix/federation/v2/invite/{roomId}/{eventId}` — another server invites a user of this one.
//! <https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv2inviteroomideventid>

use kith_api_common::{
    ApiError, PeerCall,
    json::{Own, ReadRequest},
};
use kith_rooms::outside::Invite;
use ruma::{
    OwnedEventId, OwnedRoomId, RoomVersionId,
    api::{
        error::DeserializationError,
        federation::membership::create_invite::v2::{Request, Response},
    },
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{raw, receive_invite};

/// The request; ruma's own type wants the state that the room shows, which may be left out.
pub(crate) struct Read {
    room_id: OwnedRoomId,
    event_id: OwnedEventId,
    body: Body,
}

#[derive(Deserialize)]
struct Body {
    room_version: RoomVersionId,
    event: Box<RawValue>,
    #[serde(default)]
    invite_room_state: Vec<Box<RawValue>>,
}

impl ReadRequest for Read {
    fn read(request: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let (room_id, event_id) = super::path(arguments)?;
        Ok(Self { room_id, event_id, body: serde_json::from_slice(request.body())? })
    }
}

pub(crate) async fn handler(
    call: PeerCall,
    request: Own<Request, Read, Response>,
) -> Result<Response, ApiError> {
    let Read { room_id, event_id, body } = request.request;
    let invite = Invite {
        server: call.origin.clone(),
        room_id,
        event_id,
        room_version: body.room_version,
        event: body.event,
        face: body.invite_room_state,
    };
    let signed = receive_invite(&call, invite).await?;
    Ok(Response { event: raw(&signed)? })
}
