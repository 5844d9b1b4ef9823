//! `PUT /_matrix/federation/v1/invite/{roomId}/{eventId}` — the same as servers asked it before room versions were told
//! along: the body is the event, of a room of version 1 or 2.
//! <https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv1inviteroomideventid>

use kith_api_common::{
    ApiError, PeerCall,
    json::{Own, ReadRequest},
};
use kith_rooms::outside::Invite;
use ruma::{
    OwnedEventId, OwnedRoomId, RoomVersionId,
    api::{
        error::DeserializationError,
        federation::membership::create_invite::v1::{Request, Response},
    },
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::receive_invite;

/// The request; of the event nothing may be lost, as it has to be signed.
pub(crate) struct Read {
    room_id: OwnedRoomId,
    event_id: OwnedEventId,
    event: Box<RawValue>,
    face: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Fields {
    #[serde(default)]
    unsigned: Unsigned,
}

#[derive(Default, Deserialize)]
struct Unsigned {
    #[serde(default)]
    invite_room_state: Vec<Box<RawValue>>,
}

impl ReadRequest for Read {
    fn read(request: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let (room_id, event_id) = super::path(arguments)?;
        let fields: Fields = serde_json::from_slice(request.body())?;
        let event = serde_json::from_slice(request.body())?;
        Ok(Self { room_id, event_id, event, face: fields.unsigned.invite_room_state })
    }
}

pub(crate) async fn handler(
    call: PeerCall,
    request: Own<Request, Read, Response>,
) -> Result<Response, ApiError> {
    let Read { room_id, event_id, event, face } = request.request;
    let invite = Invite {
        server: call.origin.clone(),
        room_id,
        event_id,
        room_version: RoomVersionId::V1,
        event,
        face,
    };
    let signed = receive_invite(&call, invite).await?;
    // The answer is a list of the number 200 and this container.
    let container = format!(r#"{{"event":{}}}"#, signed.json());
    let event = RawValue::from_string(container).map_err(|error| ApiError::internal(&error))?;
    Ok(Response { event })
}
