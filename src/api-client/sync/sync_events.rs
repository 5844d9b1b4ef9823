//! `GET /_matrix/client/v3/sync` — what the client has missed, or will.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3sync>

use std::time::Duration;

use axum::{
    extract::Query,
    response::{IntoResponse, Response},
};
use http::{Uri, header};
use kith_api_common::{ApiError, Call};
use kith_store::live::PresenceState;
use kith_sync::{StateAfter, SyncRequest, parse_since};
use ruma::api::{
    IncomingRequest, Metadata, auth_scheme::AccessToken, client::sync::sync_events::v3,
    error::DeserializationError,
};
use serde::Deserialize;

use super::note_contact;

/// The request: ruma's own type reads filters more strictly than clients write them, and does not know
/// `use_state_after` by the name it had as a proposal.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    uri: Uri,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Parameters {
    filter: Option<String>,
    since: Option<String>,
    full_state: Option<String>,
    set_presence: Option<String>,
    timeout: Option<u64>,
    use_state_after: Option<String>,
    #[serde(rename = "org.matrix.msc4222.use_state_after")]
    use_state_after_unstable: Option<String>,
}

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let parameters = request.parameters()?;
    let requester = call.requester()?.clone();
    let presence = parameters.presence()?;
    let since = parameters.since.as_deref().filter(|since| !since.is_empty()).map(parse_since).transpose()?;
    let got = since.map(|since| since.to_device);
    let (app, who) = (call.app.clone(), requester.clone());
    call.app.tasks.blocking(move || note_contact(&app, &who, presence, got)).await?;
    let response = call.app.sync.sync(&requester, parameters.into()).await?;
    // The answer to a client that starts may be many megabytes: not on a thread that serves others.
    let json = call.app.tasks.blocking(move || serde_json::to_vec(&response)).await;
    let json = json.map_err(|error| ApiError::internal(&error))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response())
}

impl Request {
    fn parameters(&self) -> Result<Parameters, ApiError> {
        let parameters = Query::try_from_uri(&self.uri);
        parameters
            .map(|Query(parameters)| parameters)
            .map_err(|error| ApiError::invalid_param(error.body_text()))
    }
}

impl Parameters {
    /// How the user appears while the client syncs; whoever does not say is online.
    fn presence(&self) -> Result<PresenceState, ApiError> {
        let word = self.set_presence.as_deref().unwrap_or("online");
        PresenceState::parse(word)
            .ok_or_else(|| ApiError::invalid_param("set_presence is online, unavailable or offline"))
    }
}

impl From<Parameters> for SyncRequest {
    fn from(parameters: Parameters) -> Self {
        let is_set = |parameter: &Option<String>| parameter.as_deref() == Some("true");
        let given = |parameter: Option<String>| parameter.filter(|text| !text.is_empty());
        let state_after = match (&parameters.use_state_after, &parameters.use_state_after_unstable) {
            (stable, _) if is_set(stable) => StateAfter::Stable,
            (_, unstable) if is_set(unstable) => StateAfter::Unstable,
            _ => StateAfter::No,
        };
        Self {
            full_state: is_set(&parameters.full_state),
            filter: given(parameters.filter),
            since: given(parameters.since),
            timeout: Duration::from_millis(parameters.timeout.unwrap_or(0)),
            state_after,
        }
    }
}

impl Metadata for Request {
    const METHOD: http::Method = v3::Request::METHOD;
    const RATE_LIMITED: bool = v3::Request::RATE_LIMITED;
    type Authentication = AccessToken;
    type PathBuilder = <v3::Request as Metadata>::PathBuilder;
    const PATH_BUILDER: Self::PathBuilder = v3::Request::PATH_BUILDER;
}

impl IncomingRequest for Request {
    type EndpointError = ruma::api::error::Error;
    type OutgoingResponse = v3::Response;

    fn try_from_http_request_inner(
        request: http::Request<&[u8]>,
        _: &[&str],
    ) -> Result<Self, DeserializationError> {
        Ok(Self { uri: request.uri().clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(query: &str) -> SyncRequest {
        let uri = format!("/_matrix/client/v3/sync?{query}").parse().expect("a URI");
        Request { uri }.parameters().expect("parameters").into()
    }

    #[test]
    fn parameters_are_read() {
        let request = parsed("since=s1_0-7&timeout=30000&full_state=true&filter=%7B%22a%22%3A1%7D&unknown=x");
        assert_eq!(request.since.as_deref(), Some("s1_0-7"));
        assert_eq!(request.filter.as_deref(), Some(r#"{"a":1}"#));
        assert!(request.full_state && request.timeout == Duration::from_secs(30));
        assert_eq!(request.state_after, StateAfter::No);
        assert_eq!(parsed("use_state_after=true").state_after, StateAfter::Stable);
        assert_eq!(parsed("org.matrix.msc4222.use_state_after=true").state_after, StateAfter::Unstable);
        assert!(parsed("since=").since.is_none());
        let uri = "/_matrix/client/v3/sync?timeout=soon".parse().expect("a URI");
        assert!(Request { uri }.parameters().is_err());
    }
}
