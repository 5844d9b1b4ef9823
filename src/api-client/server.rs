//! What a client asks the server about itself, and the small services beside messaging.

mod discover_homeserver;
mod discover_policy_server;
mod discover_server;
mod discover_support;
mod get_capabilities;
mod get_supported_versions;
mod get_turn_server_info;
mod request_openid_token;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint(discover_homeserver::handler)
        .endpoint(discover_policy_server::handler)
        .endpoint(discover_server::handler)
        .endpoint(discover_support::handler)
        .endpoint(get_capabilities::handler)
        .endpoint(get_supported_versions::handler)
        .endpoint(get_turn_server_info::handler)
        .endpoint(request_openid_token::handler)
}
