//! `GET /_matrix/client/v3/profile/{userId}/{keyName}`

use serde_json::json;

use super::{path, set};
use crate::harness::Server;

#[tokio::test]
async fn fields_are_read_alone() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    set(&alice, "m.tz", json!("Europe/London")).await.ok();
    let read = async |field: &str| {
        let path = format!("/_matrix/client/v3{}", path(&alice.id, field));
        server.anonymous("GET", &path, None).await
    };
    assert_eq!(read("displayname").await.ok(), json!({"displayname": "alice"}));
    assert_eq!(read("m.tz").await.ok(), json!({"m.tz": "Europe/London"}));
    read("avatar_url").await.refused(404, "M_NOT_FOUND");
    read("org.example.none").await.refused(404, "M_NOT_FOUND");
    alice.get(&path("@nobody:localhost", "displayname")).await.refused(404, "M_NOT_FOUND");
    alice.get("/profile/alice/displayname").await.refused(400, "M_INVALID_PARAM");
    // The name that the field had before it was part of the specification.
    let unstable = format!("/_matrix/client/unstable/uk.tcpip.msc4133{}", path(&alice.id, "m.tz"));
    assert_eq!(server.anonymous("GET", &unstable, None).await.ok(), json!({"m.tz": "Europe/London"}));
}
