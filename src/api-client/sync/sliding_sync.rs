//! `POST /_matrix/client/unstable/org.matrix.simplified_msc3575/sync` — what the client has missed of the rooms it shows.
//! <https://github.com/matrix-org/matrix-spec-proposals/pull/4186>

use std::time::Duration;

use axum::{
    extract::Query,
    response::{IntoResponse, Response},
};
use http::{Uri, header};
use kith_api_common::{
    ApiError, Call,
    json::{Own, ReadRequest, read_body},
};
use kith_store::live::PresenceState;
use kith_sync::{SlidingAsked, SlidingRequest};
use ruma::api::{client::sync::sync_events::v5, error::DeserializationError};
use serde::Deserialize;

use super::note_contact;

pub(crate) type Request = Own<v5::Request, Asked, v5::Response>;

/// The request: clients leave out what ruma's type demands.
pub(crate) struct Asked {
    uri: Uri,
    body: SlidingRequest,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Parameters {
    pos: Option<String>,
    timeout: Option<u64>,
    set_presence: Option<String>,
}

impl ReadRequest for Asked {
    fn read(request: http::Request<&[u8]>, _: &[&str]) -> Result<Self, DeserializationError> {
        Ok(Self { uri: request.uri().clone(), body: read_body(&request)? })
    }
}

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let Asked { uri, body } = request.request;
    let parameters = Query::<Parameters>::try_from_uri(&uri);
    let Query(parameters) = parameters.map_err(|error| ApiError::invalid_param(error.body_text()))?;
    let requester = call.requester()?.clone();
    let presence = PresenceState::parse(parameters.set_presence.as_deref().unwrap_or("online"));
    let presence =
        presence.ok_or_else(|| ApiError::invalid_param("set_presence is online, unavailable or offline"))?;
    let asked = SlidingAsked {
        pos: parameters.pos.filter(|pos| !pos.is_empty()),
        timeout: Duration::from_millis(parameters.timeout.unwrap_or(0)),
        body,
    };
    let (app, who, got) = (call.app.clone(), requester.clone(), asked.to_device_since()?);
    call.app.tasks.blocking(move || note_contact(&app, &who, presence, got)).await?;
    let response = call.app.sync.sliding_sync(&requester, asked).await?;
    let json = call.app.tasks.blocking(move || serde_json::to_vec(&response)).await;
    let json = json.map_err(|error| ApiError::internal(&error))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response())
}
