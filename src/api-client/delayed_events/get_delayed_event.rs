//! `GET /_matrix/client/unstable/org.matrix.msc4140/delayed_events/{delayId}` — one of the user's delayed events.
//! <https://github.com/matrix-org/matrix-spec-proposals/pull/4140>

use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use ruma::api::client::delayed_events::get_delayed_event::unstable;
use serde_json::Value;

use super::shape;

type Request = Answered<unstable::Request, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let user = call.requester()?.user;
    let found = call.app.rooms.find_delayed_event(user, &request.request.delay_id)?;
    let found = found.ok_or_else(|| ApiError::not_found("There is no such delayed event"))?;
    Ok(Json::ok(shape(call, found)?))
}
