//! `PUT /_matrix/client/unstable/org.matrix.msc4140/rooms/{roomId}/delayed_event/{eventType}/{txnId}` — has an event sent later.
//! <https://github.com/matrix-org/matrix-spec-proposals/pull/4140>
//!
//! The endpoints that send at once do the same if their query has a delay, as clients in the field ask.

use kith_api_common::{
    ApiError, Call, Limit,
    json::{Json, Own},
};
use kith_rooms::delayed::NewDelayed;
use ruma::api::client::delayed_events::send_delayed_event::unstable;
use serde_json::Value;

use super::{Delayable, delay};

type Request = Own<unstable::Request, Delayable<unstable::Request>, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.requester()?;
    call.limit(Limit::Message)?;
    let (sticky_ms, request) = (request.request.sticky_ms()?, request.request.request);
    // Nobody can make state sticky.
    let sticky_ms = sticky_ms.filter(|_| request.state_key.is_none());
    let new = NewDelayed {
        room_id: request.room_id,
        kind: request.event_type,
        state_key: request.state_key,
        content: request.content.into_json(),
        delay_ms: u64::try_from(request.delay.as_millis()).unwrap_or(u64::MAX),
        transaction_id: Some(request.txn_id.to_string()),
        sticky_ms,
    };
    Ok(Json::ok(delay(call, new)?))
}
