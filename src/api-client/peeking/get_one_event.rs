//! `GET /_matrix/client/v3/events/{eventId}` — one event, whatever its room; deprecated.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3eventseventid>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own, ReadRequest, read_path},
};
use ruma::{
    OwnedEventId,
    api::{auth_scheme::AccessToken, error::DeserializationError},
    metadata,
};
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

/// The event id in the path.
pub(crate) struct OneEvent {
    event_id: OwnedEventId,
}

impl ReadRequest for OneEvent {
    fn read(_: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let (event_id,) = read_path(arguments)?;
        Ok(Self { event_id })
    }
}

type Request = Own<Endpoint, OneEvent, Json<Box<RawValue>>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Box<RawValue>>, ApiError> {
    let absent = || ApiError::not_found("There is no such event");
    let event_id = request.request.event_id;
    let read = call.app.store.read();
    let viewer = viewer(call, &*read)?;
    let (_, pdu) = call.app.rooms.find_event(&event_id)?.ok_or_else(absent)?;
    Ok(Json::ok(call.app.rooms.event(&*read, pdu.room_id(), &event_id, &viewer)?))
}
