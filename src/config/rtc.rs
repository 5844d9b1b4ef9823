//! `[rtc]`: calls between more than two people.

use serde::{Deserialize, Serialize};

/// Calls between more than two people (Element Call and others), which go through a LiveKit server of yours.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rtc {
    /// The URL of the service that hands out LiveKit tokens to Matrix users (lk-jwt-service). Clients are told of it
    /// by this server and in `/.well-known/matrix/client`. Unset: they are told of none.
    ///
    /// Example: "https://rtc.example.org/livekit/jwt"
    pub livekit_service_url: Option<String>,
}
