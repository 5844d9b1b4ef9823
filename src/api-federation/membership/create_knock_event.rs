//! `PUT /_matrix/federation/v1/send_knock/{roomId}/{eventId}` — a user of another server knocks.
//! <https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv1send_knockroomideventid>

use kith_api_common::{ApiError, PeerCall};
use kith_rooms::resident::HandedIn;
use ruma::api::federation::membership::{
    RawStrippedState,
    create_knock_event::v1::{Request, Response},
};

use super::raw;

pub(crate) async fn handler(call: PeerCall, request: Request) -> Result<Response, ApiError> {
    let Request { room_id, event_id, pdu } = request;
    let handed_in = HandedIn { server: call.origin.clone(), room_id, event_id, event: pdu };
    let face = call.app.rooms.send_knock(handed_in).await?;
    let face = face.iter().map(|pdu| raw(pdu).map(RawStrippedState::Pdu));
    Ok(Response { knock_room_state: face.collect::<Result<_, _>>()? })
}
