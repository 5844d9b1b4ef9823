//! Other servers, as administrators see them.

mod get_destination;
mod list_destination_rooms;
mod list_destinations;
mod reset_connection;

use kith_api_common::{ApiError, Call, Router};
use kith_peers::Absence;
use ruma::{OwnedServerName, ServerName};
use serde_json::{Value, json};

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint(get_destination::handler)
        .endpoint(list_destination_rooms::handler)
        .endpoint(list_destinations::handler)
        .endpoint(reset_connection::handler)
}

/// A server, and how long it has not answered, if so.
struct Destination {
    name: OwnedServerName,
    absence: Option<Absence>,
}

impl Destination {
    fn look_at(call: &Call, name: OwnedServerName) -> Self {
        Self { absence: call.app.peers.absence(&name), name }
    }

    /// When it was last asked in vain, in unix milliseconds; 0 if it answers.
    fn retry_last_ms(&self) -> u64 {
        self.absence.map_or(0, |absence| absence.retry_at_ms.saturating_sub(absence.interval_ms))
    }

    fn interval_ms(&self) -> u64 {
        self.absence.map_or(0, |absence| absence.interval_ms)
    }

    fn failing_since_ms(&self) -> Option<u64> {
        self.absence.map(|absence| absence.failing_since_ms)
    }

    fn shown(&self) -> Value {
        json!({
            "destination": self.name,
            "retry_last_ts": self.retry_last_ms(),
            "retry_interval": self.interval_ms(),
            "failure_ts": self.failing_since_ms(),
            "last_successful_stream_ordering": null,
        })
    }
}

/// A server that this one has to do with.
fn get_destination(call: &Call, name: &ServerName) -> Result<Destination, ApiError> {
    call.admin()?;
    let destination = Destination::look_at(call, name.to_owned());
    let own = name == call.app.accounts.server_name();
    let known = destination.absence.is_some() || !call.app.rooms.rooms_shared_with(name)?.is_empty();
    match known && !own {
        true => Ok(destination),
        false => Err(ApiError::not_found("Unknown destination")),
    }
}
