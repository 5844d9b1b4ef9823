//! The history of rooms.

mod get_backfill;

use kith_api_common::{PeerCall, Router};

pub(crate) fn routes(router: Router) -> Router {
    router.federation_endpoint(get_backfill::handler)
}

/// An answer in the form of a transaction, around a JSON array of events.
pub(crate) fn transaction(call: &PeerCall, pdus: &str) -> String {
    let (origin, now_ms) = (call.app.rooms.server_name(), call.app.clock.now_ms());
    format!("{{\"origin\":\"{origin}\",\"origin_server_ts\":{now_ms},\"pdus\":{pdus}}}")
}
