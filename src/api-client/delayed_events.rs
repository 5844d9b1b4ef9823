//! Events that are sent later.

mod get_all_delayed_events;
mod get_delayed_event;
mod send_delayed_event;
mod update_delayed_event;

use axum::extract::Query;
use kith_api_common::{ApiError, Call, Router, json::ReadRequest};
use kith_rooms::delayed::{Delayed, NewDelayed};
use kith_store::tables::delayed::DelayedOutcome;
use ruma::api::{IncomingRequest, error::DeserializationError};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint(send_delayed_event::handler)
        .endpoint(get_all_delayed_events::handler)
        .endpoint(get_delayed_event::handler)
        .endpoint(update_delayed_event::handler)
        .endpoint(update_delayed_event::old_handler)
}

/// The parameter that makes an event sticky: <https://github.com/matrix-org/matrix-spec-proposals/pull/4354>
const STICKINESS: &str = "org.matrix.msc4354.sticky_duration_ms";

/// ruma's request to send something, which may ask in its query to do so later, and to have it stay in sight.
pub(crate) struct Delayable<T> {
    pub(crate) request: T,
    uri: http::Uri,
}

#[derive(Default, Deserialize)]
struct Delay {
    #[serde(rename = "org.matrix.msc4140.delay")]
    delay_ms: Option<u64>,
}

#[derive(Default, Deserialize)]
struct Stickiness {
    #[serde(rename = "org.matrix.msc4354.sticky_duration_ms")]
    sticky_ms: Option<u64>,
}

impl<T: IncomingRequest> ReadRequest for Delayable<T> {
    fn read(request: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let uri = request.uri().clone();
        let request = without_stickiness(request);
        Ok(Self { request: T::try_from_http_request_inner(request, arguments)?, uri })
    }
}

/// ruma refuses durations that are longer than allowed, where the proposal has servers cut them short.
fn without_stickiness(mut request: http::Request<&[u8]>) -> http::Request<&[u8]> {
    let uri = request.uri();
    let Some(query) = uri.query().filter(|query| query.contains(STICKINESS)) else { return request };
    let rest: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with(STICKINESS)).collect();
    if let Ok(uri) = http::Uri::try_from(format!("{}?{}", uri.path(), rest.join("&"))) {
        *request.uri_mut() = uri;
    }
    request
}

impl<T> Delayable<T> {
    /// How long it is to be put off, in milliseconds, if it is.
    pub(crate) fn delay_ms(&self) -> Result<Option<u64>, ApiError> {
        Ok(read_query::<Delay>(&self.uri)?.delay_ms)
    }

    /// How long it is to be sticky, in milliseconds, if it is.
    pub(crate) fn sticky_ms(&self) -> Result<Option<u64>, ApiError> {
        Ok(read_query::<Stickiness>(&self.uri)?.sticky_ms)
    }
}

fn read_query<T: DeserializeOwned>(uri: &http::Uri) -> Result<T, ApiError> {
    let query = Query::try_from_uri(uri).map_err(|error| ApiError::invalid_param(error.body_text()))?;
    Ok(query.0)
}

/// Puts an event off, and answers as the endpoints do that put it off.
pub(crate) fn delay(call: &Call, new: NewDelayed) -> Result<Value, ApiError> {
    Ok(json!({ "delay_id": call.app.rooms.delay_event(call.requester()?, new)? }))
}

/// A delayed event as clients see it.
fn shape(call: &Call, Delayed { delay_id, record }: Delayed) -> Result<Value, ApiError> {
    let content: Map<String, Value> = serde_json::from_str(&record.content).unwrap_or_default();
    let mut shown = json!({
        "delay_id": delay_id,
        "room_id": call.app.store.ids().room_id(record.room)?,
        "type": record.kind,
        "delay": record.delay_ms,
        "running_since": record.running_since_ms,
        "content": content,
    });
    if let Some(state_key) = record.state_key {
        shown["state_key"] = state_key.into();
    }
    if let Some(end) = record.end {
        shown["origin_server_ts"] = end.at_ms.into();
        // What it was called before, which clients still read.
        shown["finalised_ts"] = end.at_ms.into();
        match end.outcome {
            DelayedOutcome::Sent(event_id) => shown["event_id"] = event_id.into(),
            DelayedOutcome::Cancelled => {}
            DelayedOutcome::Failed { forbidden, reason } => {
                let errcode = if forbidden { "M_FORBIDDEN" } else { "M_UNKNOWN" };
                shown["error"] = json!({ "errcode": errcode, "error": reason });
            }
        }
    }
    Ok(shown)
}
