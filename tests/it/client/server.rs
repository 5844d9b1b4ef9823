//! What a client asks the server about itself, and the small services beside messaging.

mod discover_homeserver;
mod discover_policy_server;
mod discover_server;
mod discover_support;
mod get_capabilities;
mod get_supported_versions;
mod get_turn_server_info;
mod request_openid_token;
