//! `PUT /_matrix/federation/v2/send_leave/{roomId}/{eventId}` — a user of another server leaves.
//! <https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv2send_leaveroomideventid>

use kith_api_common::{ApiError, PeerCall};
use kith_rooms::resident::HandedIn;
use ruma::api::federation::membership::create_leave_event::v2::{Request, Response};

pub(crate) async fn handler(call: PeerCall, request: Request) -> Result<Response, ApiError> {
    let Request { room_id, event_id, pdu } = request;
    let handed_in = HandedIn { server: call.origin.clone(), room_id, event_id, event: pdu };
    call.app.rooms.send_leave(handed_in).await?;
    Ok(Response {})
}
