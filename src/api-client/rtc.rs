//! Calls between more than two people.

mod transports;

use kith_api_common::Router;
use kith_config::Config;
use ruma::api::client::rtc::RtcTransport;

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint(transports::handler)
}

/// The ways for calls that the operator provides.
pub(crate) fn configured(config: &Config) -> Vec<RtcTransport> {
    config.rtc.livekit_service_url.iter().map(|url| RtcTransport::livekit(url.clone())).collect()
}
