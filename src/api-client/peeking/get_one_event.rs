//! `GET /_matrix/client/v3/events/{eventId}` — one event, whatever its room; deprecated.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3eventseventid>

use kith_api_common::{
    ApiError, Call,
    json::{InPath, Json, Own},
};
use ruma::{OwnedEventId, api::auth_scheme::AccessToken, metadata};
use serde_json::value::RawValue;

use crate::viewer::viewer;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    history: {
        1.0 => "/_matrix/client/r0/events/{event_id}",
        1.1 => "/_matrix/client/v3/events/{event_id}",
    }
}

type Request = Own<Endpoint, InPath<(OwnedEventId,)>, Json<Box<RawValue>>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Box<RawValue>>, ApiError> {
    let absent = || ApiError::not_found("There is no such event");
    let InPath((event_id,)) = request.request;
    let read = call.app.store.read();
    let viewer = viewer(call, &*read)?;
    let (_, pdu) = call.app.rooms.find_event(&event_id)?.ok_or_else(absent)?;
    Ok(Json::ok(call.app.rooms.event(&*read, pdu.room_id(), &event_id, &viewer)?))
}
