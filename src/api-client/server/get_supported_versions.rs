//! `GET /_matrix/client/versions` — which versions of the specification this server speaks, and what else.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientversions>

use std::collections::BTreeMap;

use kith_api_common::{ApiError, Call};
use ruma::api::client::discovery::get_supported_versions::{Request, Response};

/// Every version in full: clients look for the one they need by its exact name.
const VERSIONS: [&str; 20] = [
    "r0.6.1", "v1.1", "v1.2", "v1.3", "v1.4", "v1.5", "v1.6", "v1.7", "v1.8", "v1.9", "v1.10", "v1.11",
    "v1.12", "v1.13", "v1.14", "v1.15", "v1.16", "v1.17", "v1.18", "v1.19",
];

/// What works under a name of its own. Whoever adds an endpoint with an unstable path adds its flag here.
const UNSTABLE_FEATURES: &[&str] = &[
    "fi.mau.msc2246",
    "org.matrix.e2e_cross_signing",
    "org.matrix.msc3391",
    "org.matrix.msc3814",
    "org.matrix.msc3881",
    "org.matrix.msc3882",
    "org.matrix.msc3916",
    "org.matrix.msc3916.stable",
    "org.matrix.msc3874",
    "org.matrix.msc3912",
    "org.matrix.msc4143",
    "org.matrix.msc4155",
    "org.matrix.msc4306",
    "org.matrix.msc4308",
    "org.matrix.msc4354",
    "org.matrix.msc4380",
    "org.matrix.msc4380.stable",
    "org.matrix.simplified_msc3575",
    "uk.half-shot.msc2666.query_mutual_rooms",
    "uk.half-shot.msc2666.query_mutual_rooms.stable",
    "uk.tcpip.msc4133",
    "uk.tcpip.msc4133.stable",
    "uk.timedout.msc4323",
];

pub(crate) fn handler(call: &Call, _: Request) -> Result<Response, ApiError> {
    let mut unstable_features: BTreeMap<String, bool> =
        UNSTABLE_FEATURES.iter().map(|feature| ((*feature).to_owned(), true)).collect();
    let delays = call.app.config.delayed_events.max_delay_seconds > 0;
    unstable_features.insert("org.matrix.msc4140".to_owned(), delays);
    Ok(Response { versions: VERSIONS.map(str::to_owned).to_vec(), unstable_features })
}
