//! `PUT /_matrix/client/v3/rooms/{roomId}/redact/{eventId}/{txnId}` — takes the content of an event away, and on request
//! that of events that relate to it.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidredacteventidtxnid>,
//! <https://github.com/matrix-org/matrix-spec-proposals/pull/3912>

use kith_api_common::{
    ApiError, Call, Limit,
    json::{Own, ReadRequest, read_body},
};
use ruma::api::{IncomingRequest, client::redact::redact_event::v3, error::DeserializationError};
use serde::Deserialize;

type Request = Own<v3::Request, Redaction, v3::Response>;

/// The request with the kinds of related events that go with the event.
pub(crate) struct Redaction {
    request: v3::Request,
    with_relations: Vec<String>,
}

#[derive(Deserialize)]
struct Relations {
    #[serde(default, rename = "org.matrix.msc3912.with_relations", alias = "with_rel_types")]
    with_relations: Vec<String>,
}

impl ReadRequest for Redaction {
    fn read(request: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let Relations { with_relations } = read_body(&request)?;
        Ok(Self { request: v3::Request::try_from_http_request_inner(request, arguments)?, with_relations })
    }
}

pub(crate) fn handler(call: &Call, request: Request) -> Result<v3::Response, ApiError> {
    let requester = call.full_user()?;
    call.limit(Limit::Message)?;
    let Redaction { request, with_relations } = request.request;
    let v3::Request { room_id, event_id: target, txn_id, reason } = request;
    let rooms = &call.app.rooms;
    let event_id = rooms.redact(requester, &room_id, &target, reason.clone(), Some(txn_id.to_string()))?;
    if !with_relations.is_empty() {
        rooms.redact_related_later(requester, room_id, target, with_relations, reason);
    }
    Ok(v3::Response { event_id })
}
