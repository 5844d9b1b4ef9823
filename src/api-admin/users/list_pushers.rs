//! `GET /_synapse/admin/v1/users/{userId}/pushers` — where a user is told of events.
//! <https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use kith_push::Pusher;
use kith_store::tables::pushers::PusherKind;
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde_json::{Value, json};

use super::{OfUser, get_account};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/users/{user_id}/pushers",
}

type Request = Own<Endpoint, OfUser, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let account = get_account(call, &request.request.user_id)?;
    let pushers: Vec<Value> = call.app.push.pushers_of(account.user)?.into_iter().map(shown).collect();
    Ok(Json::ok(json!({ "total": pushers.len(), "pushers": pushers })))
}

fn shown(Pusher { app_id, pushkey, record }: Pusher) -> Value {
    let kind = match record.kind {
        PusherKind::Http => "http",
        PusherKind::Email => "email",
    };
    json!({
        "app_id": app_id,
        "pushkey": pushkey,
        "kind": kind,
        "app_display_name": record.app_display_name,
        "device_display_name": record.device_display_name,
        "profile_tag": record.profile_tag,
        "lang": record.lang,
        "data": serde_json::from_str::<Value>(&record.data).unwrap_or_else(|_| json!({})),
    })
}
