//! `POST /_matrix/client/v3/pushers/set` — sets, changes or removes a pusher.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3pushersset>
//!
//! Read by hand: so that it can be said what is missing, and for the switch of
//! <https://github.com/matrix-org/matrix-spec-proposals/pull/3881>.

use kith_api_common::{
    ApiError, Call,
    json::{Own, ReadRequest, read_body},
};
use kith_push::NewPusher;
use ruma::api::{
    client::push::set_pusher::v3::{self, Response},
    error::{DeserializationError, ErrorKind},
};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

type Request = Own<v3::Request, Wish, Response>;

/// The body; what is not given and what is null are told apart for the kind alone.
#[derive(Deserialize)]
pub(crate) struct Wish {
    #[serde(default, deserialize_with = "given")]
    kind: Option<Option<String>>,
    app_id: Option<String>,
    pushkey: Option<String>,
    app_display_name: Option<String>,
    device_display_name: Option<String>,
    profile_tag: Option<String>,
    lang: Option<String>,
    data: Option<Map<String, Value>>,
    append: Option<bool>,
    #[serde(rename = "org.matrix.msc3881.enabled", alias = "enabled")]
    enabled: Option<bool>,
}

impl ReadRequest for Wish {
    fn read(request: http::Request<&[u8]>, _: &[&str]) -> Result<Self, DeserializationError> {
        read_body(&request)
    }
}

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let (requester, wish) = (call.full_user()?, request.request);
    let kind = wish.kind.ok_or_else(|| missing("kind"))?;
    let app_id = wish.app_id.ok_or_else(|| missing("app_id"))?;
    let pushkey = wish.pushkey.ok_or_else(|| missing("pushkey"))?;
    let Some(kind) = kind else {
        call.app.push.delete_pusher(requester, app_id, pushkey)?;
        return Ok(Response {});
    };
    let pusher = NewPusher {
        app_id,
        pushkey,
        kind,
        app_display_name: wish.app_display_name.ok_or_else(|| missing("app_display_name"))?,
        device_display_name: wish.device_display_name.ok_or_else(|| missing("device_display_name"))?,
        profile_tag: wish.profile_tag,
        lang: wish.lang.ok_or_else(|| missing("lang"))?,
        data: wish.data.ok_or_else(|| missing("data"))?,
        enabled: wish.enabled.unwrap_or(true),
        append: wish.append.unwrap_or(false),
    };
    call.app.push.set_pusher(requester, pusher)?;
    Ok(Response {})
}

fn given<'de, D: Deserializer<'de>>(kind: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(kind).map(Some)
}

fn missing(what: &str) -> ApiError {
    ApiError::bad_request(ErrorKind::MissingParam, format!("{what} is missing"))
}
