//! `PUT /_matrix/federation/v2/send_join/{roomId}/{eventId}` — a user of another server joins.
//! <https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv2send_joinroomideventid>

use kith_api_common::{
    ApiError, PeerCall,
    json::{Answered, Ready},
};
use kith_rooms::resident::{HandedIn, JoinAnswer};
use ruma::{ServerName, api::federation::membership::create_join_event::v2::Request};

pub(crate) async fn handler(call: PeerCall, request: Answered<Request, Ready>) -> Result<Ready, ApiError> {
    let Request { room_id, event_id, pdu, omit_members } = request.request;
    let handed_in = HandedIn { server: call.origin.clone(), room_id, event_id, event: pdu };
    let answer = call.app.rooms.send_join(handed_in, omit_members).await?;
    Ok(Ready(body(&answer, call.app.rooms.server_name())))
}

/// The state may be many megabytes: it is spliced, not parsed and written again.
fn body(answer: &JoinAnswer, origin: &ServerName) -> String {
    let JoinAnswer { event, state, auth_chain, members_omitted, servers_in_room } = answer;
    let servers = serde_json::json!(servers_in_room);
    format!(
        r#"{{"auth_chain":{auth_chain},"event":{},"members_omitted":{members_omitted},"origin":"{origin}","servers_in_room":{servers},"state":{state}}}"#,
        event.json()
    )
}
