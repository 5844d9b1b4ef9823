//! `GET /_matrix/client/v3/pushers` — where the user wants to be told of events.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3pushers>
//!
//! Whether a pusher is switched on and which device has set it, which ruma's type does not have:
//! <https://github.com/matrix-org/matrix-spec-proposals/pull/3881>

use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use kith_push::Pusher;
use kith_store::tables::pushers::PusherKind;
use ruma::api::client::push::get_pushers::v3;
use serde_json::{Map, Value, json};

type Request = Answered<v3::Request, Json<Value>>;

pub(crate) fn handler(call: &Call, _: Request) -> Result<Json<Value>, ApiError> {
    let pushers = call.app.push.pushers(call.requester()?)?;
    let pushers: Vec<Value> = pushers.into_iter().map(shape).collect();
    Ok(Json::ok(json!({ "pushers": pushers })))
}

fn shape(Pusher { app_id, pushkey, record }: Pusher) -> Value {
    let data: Map<String, Value> = serde_json::from_str(&record.data).unwrap_or_default();
    let kind = match record.kind {
        PusherKind::Http => "http",
        PusherKind::Email => "email",
    };
    let mut pusher = json!({
        "app_id": app_id,
        "pushkey": pushkey,
        "kind": kind,
        "app_display_name": record.app_display_name,
        "device_display_name": record.device_display_name,
        "lang": record.lang,
        "data": data,
        "org.matrix.msc3881.enabled": record.enabled,
        "org.matrix.msc3881.device_id": record.device,
    });
    if let Some(profile_tag) = record.profile_tag {
        pusher["profile_tag"] = profile_tag.into();
    }
    pusher
}
