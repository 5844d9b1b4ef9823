//! `[push]`: telling users of messages while no client of theirs looks.

use serde::{Deserialize, Serialize};

/// Telling users of messages while no client of theirs looks, by way of push gateways.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Push {
    /// Let users name push gateways that are reached without encryption (http://). For gateways in your own network,
    /// whose addresses also have to be taken out of outgoing.denied_addresses.
    pub allow_http_gateways: bool,

    /// Tell push gateways which event it is about and nothing more, whatever the client asks for.
    pub event_id_only: bool,
}
