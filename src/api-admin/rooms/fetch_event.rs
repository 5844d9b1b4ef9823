//! `GET /_synapse/admin/v1/fetch_event/{eventId}` — an event of any room.
//! <https://element-hq.github.io/synapse/latest/admin_api/fetch_event.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{OwnedEventId, api::auth_scheme::AccessToken, metadata};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::listing::Asked;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/fetch_event/{event_id}",
}

#[derive(Serialize)]
pub(crate) struct Answer {
    event: Box<RawValue>,
}

type Request = Own<Endpoint, Asked<(OwnedEventId,)>, Json<Answer>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Answer>, ApiError> {
    call.admin()?;
    let (event_id,) = request.request.path;
    let unknown = || ApiError::not_found("Event not found");
    let (event, _) = call.app.rooms.find_event(&event_id)?.ok_or_else(unknown)?;
    let event = call.app.rooms.render_whole(event)?.ok_or_else(unknown)?;
    Ok(Json::ok(Answer { event }))
}
