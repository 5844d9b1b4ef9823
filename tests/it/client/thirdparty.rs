//! What there is in the networks that application services bridge to.

mod get_location_for_protocol;
mod get_location_for_room_alias;
mod get_protocol;
mod get_protocols;
mod get_user_for_protocol;
mod get_user_for_user_id;

use serde_json::{Value, json};

use crate::harness::{Answer, Bridge, Service, User};

const THIRD_PARTY: &str = "/_matrix/app/v1/thirdparty";

/// A server with a service that bridges to IRC, the service, and a user.
async fn network() -> (Bridge, Service, User) {
    let service = Service::start().await;
    let bridge = Bridge::reaching(&service, "protocols: [irc]").await;
    let alice = bridge.server.register("alice").await;
    (bridge, service, alice)
}

fn protocol() -> Value {
    json!({
        "user_fields": ["network", "nickname"],
        "location_fields": ["network", "channel"],
        "icon": "mxc://example.org/irc",
        "field_types": {"nickname": {"regexp": "[^\\s]+", "placeholder": "nick"}},
        "instances": [{"network_id": "libera", "desc": "Libera", "icon": "mxc://example.org/libera", "fields": {}}],
    })
}

/// The protocol as clients see it: each network with its name in the room directory.
fn shown_protocol() -> Value {
    let mut shown = protocol();
    shown["instances"][0]["instance_id"] = json!("irc|libera");
    shown
}

/// Checks that only those who are logged in get an answer.
async fn is_for_users_only(bridge: &Bridge, path: &str) {
    let path = format!("/_matrix/client/v3{path}");
    let answer: Answer = bridge.server.anonymous("GET", &path, None).await;
    answer.refused(401, "M_MISSING_TOKEN");
}

/// The queries that the service was asked below this path.
fn queries(service: &Service, path: &str) -> Vec<String> {
    let received = service.received(&format!("{THIRD_PARTY}{path}"));
    received.iter().map(|request| request.path[THIRD_PARTY.len()..].to_owned()).collect()
}
