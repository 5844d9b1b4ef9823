//! `GET /_synapse/admin/v1/users/{userId}/accountdata` — what the clients of a user keep here.
//! <https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html>

use std::collections::BTreeMap;

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{OwnedRoomId, api::auth_scheme::AccessToken, metadata};
use serde_json::{Map, Value, json};

use super::{OfUser, get_account};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/users/{user_id}/accountdata",
}

type Request = Own<Endpoint, OfUser, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let account = get_account(call, &request.request.user_id)?;
    let (mut global, mut rooms) = (Map::new(), BTreeMap::<OwnedRoomId, Map<String, Value>>::new());
    let read = call.app.store.read();
    for item in call.app.accounts.all_account_data(&*read, account.user)? {
        let content = serde_json::from_str(&item.content).unwrap_or(Value::Null);
        let of_place = match item.room {
            Some(room) => rooms.entry(call.app.rooms.room_id_of(room)?).or_default(),
            None => &mut global,
        };
        of_place.insert(item.kind, content);
    }
    Ok(Json::ok(json!({ "account_data": { "global": global, "rooms": rooms } })))
}
