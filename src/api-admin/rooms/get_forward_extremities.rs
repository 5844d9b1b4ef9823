//! `GET /_synapse/admin/v1/rooms/{roomIdOrAlias}/forward_extremities` — the newest events of a room, on which nothing is built yet.
//! <https://element-hq.github.io/synapse/latest/admin_api/rooms.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{OwnedRoomOrAliasId, api::auth_scheme::AccessToken, metadata};
use serde_json::{Value, json};

use super::{get_room, resolve, unknown};
use crate::listing::Asked;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/rooms/{room_id_or_alias}/forward_extremities",
}

type Request = Own<Endpoint, Asked<(OwnedRoomOrAliasId,)>, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.admin()?;
    let (room,) = request.request.path;
    let room = get_room(call, &resolve(call, room)?)?;
    let heads = call.app.rooms.find_heads(room.sid)?.ok_or_else(unknown)?;
    let mut results = Vec::new();
    for event in heads.extremities {
        let pdu = call.app.rooms.pdu(event)?;
        results.push(json!({
            "event_id": pdu.event_id(),
            "depth": pdu.depth(),
            "received_ts": pdu.origin_server_ts(),
        }));
    }
    Ok(Json::ok(json!({ "count": results.len(), "results": results })))
}
