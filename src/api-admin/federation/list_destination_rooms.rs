//! `GET /_synapse/admin/v1/federation/destinations/{destination}/rooms` — the rooms that this server shares with another.
//! <https://element-hq.github.io/synapse/latest/usage/administration/admin_api/federation.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{OwnedServerName, api::auth_scheme::AccessToken, metadata};
use serde::Deserialize;
use serde_json::{Value, json};

use super::get_destination;
use crate::listing::{Asked, Direction, default_limit, parameters, stretch};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/federation/destinations/{destination}/rooms",
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    from: usize,
    #[serde(default = "default_limit")]
    limit: usize,
    #[serde(default)]
    dir: Direction,
}

type Request = Own<Endpoint, Asked<(OwnedServerName,)>, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let Asked { path: (name,), uri } = request.request;
    let destination = get_destination(call, &name)?;
    let wanted: Wanted = parameters(&uri)?;
    let mut rooms = Vec::new();
    for room in call.app.rooms.rooms_shared_with(&destination.name)? {
        let heads = call.app.rooms.find_heads(room)?;
        rooms.push((call.app.rooms.room_id_of(room)?, heads.map(|heads| heads.position.0)));
    }
    rooms.sort_by(|one, other| wanted.dir.apply(one.0.cmp(&other.0)));
    let stretch = stretch(rooms, wanted.from, wanted.limit);
    let shown = |(room_id, position)| json!({ "room_id": room_id, "stream_ordering": position });
    let rooms: Vec<Value> = stretch.items.into_iter().map(shown).collect();
    let mut body = json!({ "rooms": rooms, "total": stretch.total });
    if let Some(next) = stretch.next {
        body["next_token"] = next.to_string().into();
    }
    Ok(Json::ok(body))
}
